#include "analytics/usage/rollup_store.h"

#include <string_view>
#include <tuple>

#include "analytics/usage/usage_calendar.h"
#include "sql/statement_rows.h"

namespace turnpike {
namespace {

constexpr std::string_view kAdd = R"sql(
    INSERT INTO usage_rollups (customer_id, meter_key, span, starts_at, route, events, units,
                               millionths, latencies)
    VALUES
)sql";
constexpr std::string_view kAddTo = R"sql(
    ON CONFLICT (customer_id, meter_key, span, starts_at, route) DO UPDATE
       SET events = usage_rollups.events + excluded.events,
           units = usage_rollups.units + excluded.units
                 + (usage_rollups.millionths + excluded.millionths) / 1000000,
           millionths = (usage_rollups.millionths + excluded.millionths) % 1000000,
           latencies = CASE WHEN excluded.latencies = '' THEN usage_rollups.latencies
                            ELSE excluded.latencies END
)sql";

constexpr std::string_view kLatencies = R"sql(
    SELECT latencies FROM usage_rollups
     WHERE customer_id = $1 AND meter_key = $2 AND span = $3 AND starts_at = $4 AND route = $5
)sql";

constexpr std::string_view kLoadMark = R"sql(
    SELECT next_sequence, last_arrival, segment_offset
      FROM usage_rollup_marks WHERE name = 'usage_log'
)sql";

constexpr std::string_view kSaveMark = R"sql(
    INSERT INTO usage_rollup_marks (name, next_sequence, last_arrival, segment_offset)
    VALUES ('usage_log', $1, $2, $3)
    ON CONFLICT (name) DO UPDATE
       SET next_sequence = excluded.next_sequence, last_arrival = excluded.last_arrival,
           segment_offset = excluded.segment_offset
)sql";

// $6: 1 for all routes.
constexpr std::string_view kSpans = R"sql(
    SELECT starts_at, events, units, millionths, latencies
      FROM usage_rollups
     WHERE customer_id = $1 AND meter_key = $2 AND span = $3 AND starts_at >= $4 AND starts_at < $5
       AND (route = $7 OR $6 = 1)
     ORDER BY starts_at, route
)sql";

constexpr std::string_view kSum = R"sql(
    SELECT CAST(COALESCE(SUM(units), 0) AS BIGINT), CAST(COALESCE(SUM(millionths), 0) AS BIGINT)
      FROM usage_rollups
     WHERE customer_id = $1 AND meter_key = $2 AND span = $3 AND starts_at >= $4 AND starts_at < $5
       AND (route = $7 OR $6 = 1)
)sql";

constexpr std::string_view kPeak = R"sql(
    SELECT starts_at, SUM(units), SUM(millionths)
      FROM usage_rollups
     WHERE customer_id = $1 AND meter_key = $2 AND span = $3 AND starts_at >= $4 AND starts_at < $5
       AND (route = $7 OR $6 = 1)
     GROUP BY starts_at
     ORDER BY SUM(units) + CAST(SUM(millionths) AS BIGINT) / 1000000 DESC,
              CAST(SUM(millionths) AS BIGINT) % 1000000 DESC, starts_at
     LIMIT 1
)sql";

constexpr std::string_view kTop = R"sql(
    SELECT top.customer_id, customers.external_id, top.events, top.units, top.millionths
      FROM (SELECT customer_id, SUM(events) AS events,
                   SUM(units) + CAST(SUM(millionths) AS BIGINT) / 1000000 AS units,
                   CAST(SUM(millionths) AS BIGINT) % 1000000 AS millionths
              FROM usage_rollups
             WHERE span = 'day' AND meter_key = $1 AND starts_at >= $2 AND starts_at < $3
               AND customer_id <> ''
             GROUP BY customer_id
             ORDER BY 3 DESC, 4 DESC, customer_id
             LIMIT $4) top
      JOIN customers ON customers.id = top.customer_id
     ORDER BY top.units DESC, top.millionths DESC, top.customer_id
)sql";

/// A row's key; "" is the sum of all customers.
using RowKey =
    std::tuple<std::string_view, std::string_view, RollupSpan, Instant, std::string_view>;
using Rows = std::map<RowKey, UsageFigures>;

Rows rows_of(const UsageRollups& rollups) {
    Rows rows;
    for (const auto& [key, figures] : rollups) {
        const Instant day = bucket_at(key.hour, Granularity::Day).start;
        for (const std::string_view customer :
             {std::string_view(key.customer), std::string_view()}) {
            rows[{customer, key.meter_key, RollupSpan::Hour, key.hour, key.route}].add(figures);
            rows[{customer, key.meter_key, RollupSpan::Day, day, key.route}].add(figures);
        }
    }
    return rows;
}

/// Histograms are added here, not by the database.
void add_stored_latencies(sql::Transaction& tx, Rows& rows) {
    for (auto& [key, figures] : rows) {
        if (figures.latency.is_empty()) continue;
        const auto& [customer, meter_key, span, start, route] = key;
        const auto stored = tx.one(kLatencies, {customer, meter_key, to_text(span), start, route});
        if (stored) figures.latency.merge(LatencyHistogram::from_stored(stored->text(0)));
    }
}

std::vector<sql::Value> parameters_of(const RollupQuery& query, RollupSpan span) {
    return {query.customer,   query.meter_key,          to_text(span),           query.period.start,
            query.period.end, !query.route.has_value(), query.route.value_or("")};
}

}  // namespace

std::string_view to_text(RollupSpan span) { return span == RollupSpan::Hour ? "hour" : "day"; }

void add_rollups(sql::Transaction& tx, const UsageRollups& rollups) {
    Rows rows = rows_of(rollups);
    add_stored_latencies(tx, rows);
    sql::InsertRows insert(tx, kAdd, kAddTo);
    for (const auto& [key, figures] : rows) {
        const auto& [customer, meter_key, span, start, route] = key;
        insert.add({customer, meter_key, to_text(span), start, route, figures.events,
                    figures.quantity.units(), figures.quantity.millionths(),
                    figures.latency.text()});
    }
    insert.finish();
}

LogMark load_mark(sql::Transaction& tx) {
    const auto row = tx.one(kLoadMark);
    if (!row) return {};
    return {static_cast<std::uint64_t>(row->integer(0)),
            static_cast<std::uint64_t>(row->integer(1)), static_cast<std::size_t>(row->integer(2))};
}

void save_mark(sql::Transaction& tx, const LogMark& mark) {
    tx.run(kSaveMark,
           {static_cast<std::int64_t>(mark.next_sequence),
            static_cast<std::int64_t>(mark.last_arrival), static_cast<std::int64_t>(mark.offset)});
}

std::vector<UsageSpan> load_spans(sql::Transaction& tx, const RollupQuery& query, RollupSpan span) {
    std::vector<UsageSpan> spans;
    for (const auto& row : tx.all(kSpans, parameters_of(query, span)))
        spans.push_back({row.instant(0),
                         {.events = row.integer(1),
                          .quantity = UsageSum::from_parts(row.integer(2), row.integer(3)),
                          .latency = LatencyHistogram::from_stored(row.text(4))}});
    return spans;
}

UsageSum load_sum(sql::Transaction& tx, const RollupQuery& query, RollupSpan span) {
    const auto rows = tx.all(kSum, parameters_of(query, span));
    return UsageSum::from_parts(rows.front().integer(0), rows.front().integer(1));
}

std::optional<UsagePeak> load_peak(sql::Transaction& tx, const RollupQuery& query,
                                   RollupSpan span) {
    const auto rows = tx.all(kPeak, parameters_of(query, span));
    if (rows.empty()) return std::nullopt;
    const auto& row = rows.front();
    return UsagePeak{row.instant(0), UsageSum::from_parts(row.integer(1), row.integer(2))};
}

std::vector<CustomerUsage> load_top(sql::Transaction& tx, const std::string& meter_key,
                                    const Period& days, std::int64_t limit) {
    std::vector<CustomerUsage> top;
    for (const auto& row : tx.all(kTop, {meter_key, days.start, days.end, limit}))
        top.push_back({.customer = row.text(0),
                       .external_id = row.text(1),
                       .events = row.integer(2),
                       .quantity = UsageSum::from_parts(row.integer(3), row.integer(4))});
    return top;
}

}  // namespace turnpike
