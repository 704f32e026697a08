#include "audit/audit.h"

#include <string_view>
#include <utility>

#include "base/check.h"

namespace turnpike {
namespace {

constexpr std::string_view kInsert = R"sql(
    INSERT INTO audit_events (id, at, actor, action, object_id, customer_id, request_id, detail)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
)sql";

constexpr std::string_view kIsRecorded = R"sql(
    SELECT 1 FROM audit_events WHERE object_id = $1 AND action = $2 LIMIT 1
)sql";

constexpr std::string_view kListAll = R"sql(
    SELECT id, at, actor, action, object_id, customer_id, request_id, detail
      FROM audit_events
     WHERE at >= $1 AND at < $2 AND (at, id) < ($3, $4)
     ORDER BY at DESC, id DESC
     LIMIT $5
)sql";

constexpr std::string_view kListOfCustomer = R"sql(
    SELECT id, at, actor, action, object_id, customer_id, request_id, detail
      FROM audit_events
     WHERE at >= $1 AND at < $2 AND (at, id) < ($3, $4) AND customer_id = $6
     ORDER BY at DESC, id DESC
     LIMIT $5
)sql";

AuditRecord from_row(const sql::Row& row) {
    auto detail = parse_json(row.text(7));
    check(detail.has_value(), "an audit record holds the JSON that was written");
    return {row.id<AuditEventId>(0),
            {row.instant(1), row.text(2), row.text(3), row.text(4), row.text(5), row.text(6),
             *std::move(detail)}};
}

}  // namespace

void record(sql::Transaction& tx, const AuditEntry& entry, IdSource& ids) {
    tx.run(kInsert, {ids.make<AuditEventId>(entry.at), entry.at, entry.actor, entry.action,
                     entry.object_id, entry.customer, entry.request_id, to_text(entry.detail)});
}

bool is_recorded(sql::Transaction& tx, std::string_view action, std::string_view object_id) {
    return tx.one(kIsRecorded, {object_id, action}).has_value();
}

std::vector<AuditRecord> list_audit(sql::Transaction& tx, const std::optional<CustomerId>& customer,
                                    const PageQuery& page) {
    const auto rows = customer ? tx.all(kListOfCustomer, {page.since, page.until, page.after.at,
                                                          page.after.id, page.fetch(), *customer})
                               : tx.all(kListAll, {page.since, page.until, page.after.at,
                                                   page.after.id, page.fetch()});
    std::vector<AuditRecord> records;
    records.reserve(rows.size());
    for (const auto& row : rows) records.push_back(from_row(row));
    return records;
}

}  // namespace turnpike
