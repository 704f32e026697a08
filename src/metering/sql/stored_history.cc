#include "metering/sql/stored_history.h"

#include <bit>
#include <string_view>

#include "catalog/reset.h"

namespace turnpike {
namespace {

// Names of reservations and corrections are rows of usage_events without a position.
constexpr std::string_view kEntries = R"sql(
    SELECT e.position, e.id, e.source, e.event_id, e.event_time, e.received_at, e.segment,
           e.quantity, e.value_hash, CAST(NULL AS TEXT) AS kind, CAST(NULL AS BIGINT) AS amended,
           CAST(NULL AS TEXT) AS original_source, CAST(NULL AS TEXT) AS original_event_id
      FROM usage_events e
     WHERE e.customer_id = $1 AND e.subscription_id = $2 AND e.meter_key = $3 AND e.reset = $4
       AND e.period_start = $5 AND e.position > $6 AND e.position <= $7
    UNION ALL
    SELECT n.position, e.id, e.source, e.event_id, e.event_time, e.received_at, n.segment,
           n.quantity, n.value_hash, CAST(NULL AS TEXT), CAST(NULL AS BIGINT),
           CAST(NULL AS TEXT), CAST(NULL AS TEXT)
      FROM usage_event_counts n JOIN usage_events e ON e.id = n.usage_event_id
     WHERE e.customer_id = $1 AND e.subscription_id = $2 AND n.meter_key = $3 AND n.reset = $4
       AND n.period_start = $5 AND n.position > $6 AND n.position <= $7
    UNION ALL
    SELECT k.position, e.id, e.source, e.event_id, e.event_time, e.received_at, k.segment,
           k.change, CAST(NULL AS BIGINT), c.kind, c.quantity, o.source, o.event_id
      FROM usage_correction_counts k
      JOIN usage_events e ON e.id = k.correction_id
      JOIN usage_corrections c ON c.id = k.correction_id
      JOIN usage_events o ON o.id = c.original_id
     WHERE e.customer_id = $1 AND e.subscription_id = $2 AND k.meter_key = $3 AND k.reset = $4
       AND k.period_start = $5 AND k.position > $6 AND k.position <= $7
     ORDER BY 1
)sql";

CounterEntry history_entry_from(const sql::Row& row) {
    CounterEntry entry{.number = static_cast<std::uint64_t>(row.integer(0)),
                       .id = row.id<UsageEventId>(1),
                       .source = row.text(2),
                       .event_id = row.text(3),
                       .time = row.instant(4),
                       .received_at = row.instant(5),
                       .segment = static_cast<std::size_t>(row.integer(6)),
                       .value = row.quantity(7)};
    if (!row.is_null(8)) entry.unique = std::bit_cast<std::uint64_t>(row.integer(8));
    if (row.is_null(9)) return entry;
    const bool is_void = row.text(9) == to_text(Correction::Kind::Void);
    entry.corrects = {is_void ? Correction::Kind::Void : Correction::Kind::Amend, row.text(11),
                      row.text(12), is_void ? Quantity{} : row.quantity(10)};
    return entry;
}

}  // namespace

std::vector<CounterEntry> load_entries(sql::Transaction& tx, const EntryPage& page) {
    const HistoryQuery& query = page.query;
    std::vector<CounterEntry> entries;
    for (const auto& row :
         tx.all(kEntries, {query.customer, query.subscription, query.meter_key, to_text(Reset{}),
                           query.period_start, static_cast<std::int64_t>(page.after),
                           static_cast<std::int64_t>(page.last)}))
        entries.push_back(history_entry_from(row));
    return entries;
}

}  // namespace turnpike
