#include "monitoring/finding_store.h"

#include "json/write.h"
#include "monitoring/card_letter.h"
#include "sql/known_word.h"
#include "webhooks/outbox.h"

namespace turnpike {
namespace {

constexpr std::string_view kColumns = R"sql(
    SELECT id, kind, object, period, reason, facts, subscription_id, customer_id, catalog,
           opened_at, closed_at
      FROM findings
)sql";

std::string select_findings(std::string_view rest) { return std::string(kColumns).append(rest); }

Finding finding_from(const sql::Row& row) {
    return {.id = row.id<FindingId>(0),
            .what = {.kind = known_word(parse_finding_kind(row.text(1))),
                     .object = row.text(2),
                     .period = row.text(3),
                     .reason = row.text(4),
                     .facts = row.text(5),
                     .subscription = row.text(6),
                     .customer = row.text(7),
                     .catalog = row.text(8)},
            .opened_at = row.instant(9),
            .closed_at = row.maybe_instant(10)};
}

// Nothing happens where the same is there already, or another one of its object is still open: the
// next pass closes that one first.
constexpr std::string_view kInsert = R"sql(
    INSERT INTO findings (id, kind, object, period, reason, facts, subscription_id, customer_id,
                          catalog, opened_at, closed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT DO NOTHING
)sql";
constexpr std::string_view kOpenAgain = R"sql(
    UPDATE findings SET closed_at = NULL, reason = $4, facts = $5
     WHERE kind = $1 AND object = $2 AND period = $3 AND closed_at IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM findings o
                        WHERE o.kind = $1 AND o.object = $2 AND o.closed_at IS NULL)
)sql";
constexpr std::string_view kChange = R"sql(
    UPDATE findings SET reason = $2, facts = $3 WHERE id = $1 AND closed_at IS NULL
)sql";
constexpr std::string_view kClose = R"sql(
    UPDATE findings SET closed_at = $2 WHERE id = $1 AND closed_at IS NULL
)sql";

bool insert_finding(sql::Transaction& tx, const Finding& finding) {
    const Observation& what = finding.what;
    return tx.run(kInsert, {finding.id, to_text(what.kind), what.object, what.period, what.reason,
                            what.facts, what.subscription, what.customer, what.catalog,
                            finding.opened_at, finding.closed_at}) == 1;
}

void tell(sql::Transaction& tx, std::string_view type, const Finding& finding, IdSource& ids) {
    const Json data = write_finding(finding);
    emit(tx,
         {.type = type,
          .object = finding.id.text(),
          .customer = finding.what.customer,
          .data = data,
          .at = finding.closed_at.value_or(finding.opened_at)},
         ids);
}

/// An incident is known by when it was first seen.
Finding begun(const Observation& what, Instant now, IdSource& ids) {
    Finding finding{ids.make<FindingId>(now), what, now};
    if (what.period.empty()) finding.what.period = format_rfc3339(now);
    return finding;
}

bool open_finding(sql::Transaction& tx, const Observation& what, Instant now, IdSource& ids) {
    const Finding finding = begun(what, now, ids);
    if (insert_finding(tx, finding)) {
        tell(tx, "finding.opened", finding, ids);
        return true;
    }
    return tx.run(kOpenAgain,
                  {to_text(what.kind), what.object, what.period, what.reason, what.facts}) == 1;
}

}  // namespace

std::vector<Finding> load_open_findings(sql::Transaction& tx, FindingKind kind) {
    static const std::string kOpen =
        select_findings("WHERE kind = $1 AND closed_at IS NULL ORDER BY object");
    std::vector<Finding> open;
    for (const auto& row : tx.all(kOpen, {to_text(kind)})) open.push_back(finding_from(row));
    return open;
}

SettledCount apply_settlement(sql::Transaction& tx, const Settlement& settlement, Instant now,
                              IdSource& ids) {
    SettledCount count;
    for (Finding finding : settlement.over) {
        if (tx.run(kClose, {finding.id, now}) != 1) continue;
        finding.closed_at = now;
        tell(tx, "finding.closed", finding, ids);
        ++count.closed;
    }
    for (const auto& change : settlement.changed) {
        tx.run(kChange, {change.id, change.what.reason, change.what.facts});
        write_card_letter(tx, change.what, now, ids);  // it may be another card
    }
    for (const Observation& what : settlement.fresh) {
        if (!open_finding(tx, what, now, ids)) continue;
        write_card_letter(tx, what, now, ids);
        ++count.opened;
    }
    return count;
}

void record_mended(sql::Transaction& tx, const Observation& what, Instant now, IdSource& ids) {
    Finding finding = begun(what, now, ids);
    finding.closed_at = now;
    if (insert_finding(tx, finding)) tell(tx, "finding.opened", finding, ids);
}

std::vector<Finding> list_findings(sql::Transaction& tx, const FindingQuery& query) {
    static const std::string kList = select_findings(R"sql(
     WHERE ($1 = '' OR kind = $1)
       AND ($2 = 2 OR (closed_at IS NULL) = ($2 = 0))
       AND ($3 = '' OR catalog = $3) AND ($4 = '' OR subscription_id = $4)
       AND ($5 = '' OR customer_id = $5)
       AND opened_at >= $6 AND opened_at < $7 AND (opened_at, id) < ($8, $9)
     ORDER BY opened_at DESC, id DESC
     LIMIT $10
    )sql");
    const std::string_view kind = query.kind ? to_text(*query.kind) : "";
    const PageQuery& page = query.page;
    std::vector<Finding> findings;
    for (const auto& row : tx.all(kList, {kind, static_cast<int>(query.state), query.catalog,
                                          query.subscription, query.customer, page.since,
                                          page.until, page.after.at, page.after.id, page.fetch()}))
        findings.push_back(finding_from(row));
    return findings;
}

OpenFindings count_open_findings(sql::Transaction& tx, const std::string& catalog) {
    OpenFindings counts;
    for (const auto& row : tx.all("SELECT kind, COUNT(*) FROM findings WHERE closed_at IS NULL "
                                  "AND ($1 = '' OR catalog = $1) GROUP BY kind",
                                  {catalog}))
        counts[known_word(parse_finding_kind(row.text(0)))] = row.integer(1);
    return counts;
}

PageMark mark_of(const Finding& finding) { return {finding.opened_at, finding.id.text()}; }

Json write_finding(const Finding& finding) {
    const Observation& what = finding.what;
    const auto named = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    const auto facts = parse_json(what.facts);
    return Json{{"id", finding.id.text()},
                {"object", "finding"},
                {"kind", to_text(what.kind)},
                {"about", what.object},
                {"period", what.period},
                {"reason", what.reason},
                {"state", finding.closed_at ? "closed" : "open"},
                {"catalog", named(what.catalog)},
                {"subscription", named(what.subscription)},
                {"customer", named(what.customer)},
                {"facts", facts ? *facts : Json::object()},
                {"opened_at", format_rfc3339(finding.opened_at)},
                {"closed_at", write_instant(finding.closed_at)}};
}

}  // namespace turnpike
