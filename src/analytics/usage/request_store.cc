#include "analytics/usage/request_store.h"

#include <set>
#include <string_view>
#include <tuple>

#include "analytics/usage/usage_calendar.h"
#include "sql/statement_rows.h"

namespace turnpike {
namespace {

constexpr std::string_view kKnown = "SELECT 1 FROM customers WHERE id = $1";

constexpr std::string_view kLatencies = R"sql(
    SELECT latencies FROM request_rollups
     WHERE customer_id = $1 AND route = $2 AND span = $3 AND starts_at = $4
)sql";

constexpr std::string_view kAdd = R"sql(
    INSERT INTO request_rollups (customer_id, route, span, starts_at, requests, client_errors,
                                 server_errors, latencies)
    VALUES
)sql";
constexpr std::string_view kAddTo = R"sql(
    ON CONFLICT (customer_id, route, span, starts_at) DO UPDATE
       SET requests = request_rollups.requests + excluded.requests,
           client_errors = request_rollups.client_errors + excluded.client_errors,
           server_errors = request_rollups.server_errors + excluded.server_errors,
           latencies = excluded.latencies
)sql";

constexpr std::string_view kLoad = R"sql(
    SELECT route, starts_at, requests, client_errors, server_errors, latencies
      FROM request_rollups
     WHERE customer_id = $1 AND span = $2 AND starts_at >= $3 AND starts_at < $4
)sql";
constexpr std::string_view kOfRoute = " AND route = $5 ORDER BY starts_at";

using RowKey = std::tuple<std::string_view, std::string_view, RollupSpan, Instant>;
using Rows = std::map<RowKey, RequestFigures>;

RequestFigures figures_from(const sql::Row& row) {
    return {.requests = row.integer(2),
            .client_errors = row.integer(3),
            .server_errors = row.integer(4),
            .latency = LatencyHistogram::from_stored(row.text(5))};
}

/// Histograms are added here, not by the database.
void add_stored_latencies(sql::Transaction& tx, Rows& rows) {
    for (auto& [key, figures] : rows) {
        const auto& [customer, route, span, start] = key;
        const auto stored = tx.one(kLatencies, {customer, route, to_text(span), start});
        if (stored) figures.latency.merge(LatencyHistogram::from_stored(stored->text(0)));
    }
}

/// Those that are named and not there.
std::set<std::string_view> unknown_customers(sql::Transaction& tx, const RequestRollups& rollups) {
    std::set<std::string_view> asked;
    std::set<std::string_view> unknown;
    for (const auto& [key, figures] : rollups) {
        if (key.customer.empty() || !asked.insert(key.customer).second) continue;
        if (!tx.one(kKnown, {key.customer})) unknown.insert(key.customer);
    }
    return unknown;
}

}  // namespace

std::int64_t add_requests(sql::Transaction& tx, const RequestRollups& rollups) {
    const auto unknown = unknown_customers(tx, rollups);
    std::int64_t left_out = 0;
    Rows rows;
    for (const auto& [key, figures] : rollups) {
        if (unknown.contains(key.customer)) {
            left_out += figures.requests;
            continue;
        }
        const Instant day = bucket_at(key.hour, Granularity::Day).start;
        rows[{key.customer, key.route, RollupSpan::Hour, key.hour}].add(figures);
        rows[{key.customer, key.route, RollupSpan::Day, day}].add(figures);
    }
    add_stored_latencies(tx, rows);
    sql::InsertRows insert(tx, kAdd, kAddTo);
    for (const auto& [key, figures] : rows) {
        const auto& [customer, route, span, start] = key;
        insert.add({customer, route, to_text(span), start, figures.requests, figures.client_errors,
                    figures.server_errors, figures.latency.text()});
    }
    insert.finish();
    return left_out;
}

std::vector<RequestSpan> load_requests(sql::Transaction& tx, const RequestQuery& query,
                                       const std::string& route, RollupSpan span) {
    std::vector<RequestSpan> spans;
    const std::string text = std::string(kLoad) + std::string(kOfRoute);
    for (const auto& row :
         tx.all(text, {query.customer, to_text(span), query.period.start, query.period.end, route}))
        spans.push_back({row.instant(1), figures_from(row)});
    return spans;
}

std::map<std::string, RequestFigures> load_routes(sql::Transaction& tx, const RequestQuery& query,
                                                  RollupSpan span) {
    std::map<std::string, RequestFigures> routes;
    for (const auto& row :
         tx.all(kLoad, {query.customer, to_text(span), query.period.start, query.period.end}))
        routes[row.text(0)].add(figures_from(row));
    return routes;
}

}  // namespace turnpike
