#include "analytics/usage/usage_api.h"

#include <algorithm>

#include "access/page.h"
#include "analytics/usage/usage_alert.h"
#include "analytics/usage/usage_groups.h"
#include "analytics/usage/usage_meter.h"
#include "analytics/usage/usage_query.h"
#include "analytics/usage/usage_series.h"
#include "analytics/usage/usage_wire.h"
#include "entitlements/caller.h"
#include "json/value.h"

namespace turnpike {
namespace {

using Snapshot = StandingCache::Snapshot;

UsageScope scope_of(const Snapshot& standing, std::optional<Instant> as_of) {
    if (standing == nullptr) return {std::nullopt, as_of};
    return {standing->standing.customer.text(), as_of};
}

/// nullptr: the plan does not give the meter by billing period.
const Counter* of_billing_period(const StandingSnapshot& snapshot, const std::string& meter_key) {
    const auto counters = snapshot.counters.find(meter_key);
    if (counters == snapshot.counters.end()) return nullptr;
    const auto found = std::ranges::find(counters->second, Reset::Kind::BillingPeriod,
                                         [](const Counter& counter) { return counter.reset.kind; });
    return found == counters->second.end() ? nullptr : &*found;
}

std::string listing_of(const UsageAlertFilter& filter) {
    return "usage_alerts " + filter.customer.value_or("*") + " " + filter.meter_key.value_or("*");
}

Instant now_of(const Snapshot& standing, const Clock& clock) {
    const Instant now = clock.now();
    return standing == nullptr ? now : customer_now(standing->standing, now);
}

}  // namespace

asio::awaitable<Result<Snapshot>> UsageApi::standing_of(const Principal& caller,
                                                        const http::Request& request) {
    std::optional<std::string> named;
    if (const std::string* customer = request.query_value("customer")) named = *customer;
    auto ref = customer_meant(caller, named);
    if (!ref) co_return failure(ref);
    auto snapshot = co_await entitlements.snapshot_of(caller, *std::move(ref));
    if (!snapshot) co_return failure(snapshot);
    if (const auto own = refuse_others(caller, named, (*snapshot)->standing); !own)
        co_return failure(own);
    co_return snapshot;
}

asio::awaitable<Result<Snapshot>> UsageApi::maybe_standing_of(const Principal& caller,
                                                              const http::Request& request) {
    const bool is_everybody =
        caller.kind != PrincipalKind::Customer && request.query_value("customer") == nullptr;
    if (is_everybody) co_return Snapshot();
    co_return co_await standing_of(caller, request);
}

asio::awaitable<Result<http::Response>> UsageApi::get_series(const Principal& caller,
                                                             const http::Request& request) {
    const auto standing = co_await maybe_standing_of(caller, request);
    if (!standing) co_return failure(standing);
    const auto question = read_series_question(request, now_of(*standing, clock));
    if (!question) co_return failure(question);
    const UsageScope scope = scope_of(*standing, rollup.as_of());
    auto work = [&](sql::Transaction& tx) {
        return load_usage_series(tx, *question, scope.customer.value_or(""));
    };
    const auto series = co_await db.read(work);
    if (!series) co_return failure(series);
    co_return http::ok(write_series(*question, scope, *series));
}

asio::awaitable<Result<http::Response>> UsageApi::get_top(const Principal& /*caller*/,
                                                          const http::Request& request) {
    const auto question = read_top_question(request, clock.now());
    if (!question) co_return failure(question);
    const UsageScope scope = scope_of(nullptr, rollup.as_of());
    auto work = [&](sql::Transaction& tx) { return load_usage_ranking(tx, *question); };
    const auto ranking = co_await db.read(work);
    if (!ranking) co_return failure(ranking);
    co_return http::ok(write_ranking(*question, scope, *ranking));
}

asio::awaitable<Result<http::Response>> UsageApi::get_groups(const Principal& caller,
                                                             const http::Request& request) {
    const auto standing = co_await maybe_standing_of(caller, request);
    if (!standing) co_return failure(standing);
    const auto question = read_groups_question(request, now_of(*standing, clock));
    if (!question) co_return failure(question);
    const UsageScope scope = scope_of(*standing, rollup.as_of());
    auto work = [&](sql::Transaction& tx) {
        return load_usage_grouping(tx, *question, scope.customer.value_or(""));
    };
    const auto grouping = co_await db.read(work);
    if (!grouping) co_return failure(grouping);
    co_return http::ok(write_grouping(*question, scope, *grouping));
}

asio::awaitable<Result<http::Response>> UsageApi::get_routes(const Principal& caller,
                                                             const http::Request& request) {
    const auto standing = co_await maybe_standing_of(caller, request);
    if (!standing) co_return failure(standing);
    const auto question = read_routes_question(request, clock.now());
    if (!question) co_return failure(question);
    const UsageScope scope = scope_of(*standing, std::nullopt);
    auto work = [&](sql::Transaction& tx) {
        return load_request_routes(tx, *question, scope.customer.value_or(""));
    };
    const auto routes = co_await db.read(work);
    co_return http::ok(write_routes(*question, scope, routes));
}

asio::awaitable<Result<http::Response>> UsageApi::get_forecast(const Principal& caller,
                                                               const http::Request& request) {
    const auto meter_key = read_forecast_question(request);
    if (!meter_key) co_return failure(meter_key);
    const auto snapshot = co_await standing_of(caller, request);
    if (!snapshot) co_return failure(snapshot);
    const Counter* counter = of_billing_period(**snapshot, *meter_key);
    if (counter == nullptr)
        co_return not_found("usage_figures.not_in_plan",
                            "the customer's plan gives no '" + *meter_key + "' by billing period");
    if (const auto summed = require_sums(*meter_key, counter->aggregation); !summed)
        co_return failure(summed);
    const Standing& standing = (*snapshot)->standing;
    const auto usage = usage_of(*counter, standing.currency);
    if (!usage) co_return failure(usage);
    co_return http::ok(write_forecast(standing, now_of(*snapshot, clock), *meter_key, *usage));
}

asio::awaitable<Result<http::Response>> UsageApi::get_alerts(const Principal& caller,
                                                             const http::Request& request) {
    const auto standing = co_await maybe_standing_of(caller, request);
    if (!standing) co_return failure(standing);
    UsageAlertFilter filter{scope_of(*standing, std::nullopt).customer, std::nullopt, {}};
    if (const std::string* meter = request.query_value("meter")) filter.meter_key = *meter;
    const std::string listing = listing_of(filter);
    const auto query = read_page(request, cursors, listing, {"customer", "meter"});
    if (!query) co_return failure(query);
    filter.page = *query;
    auto work = [&](sql::Transaction& tx) { return load_alerts(tx, filter); };
    const auto page = cut_page(co_await db.read(work), *query);
    Json data = Json::array();
    for (const UsageAlert& alert : page.items) data.push_back(write_alert(alert));
    std::optional<PageMark> last;
    if (page.has_more) last = {page.items.back().crossed_at, page.items.back().id.text()};
    co_return list_response(std::move(data), cursors, listing, last);
}

}  // namespace turnpike
