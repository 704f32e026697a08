#include "analytics/api.h"

#include "access/page.h"
#include "analytics/figures_wire.h"
#include "analytics/service.h"
#include "analytics/wire.h"
#include "base/decimal.h"
#include "catalog/named_catalog.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr int kWindowDays = 30;
constexpr int kWindowDaysMax = 366;

Result<Period> window_of(const http::Request& request, Instant now) {
    std::int64_t days = kWindowDays;
    if (const std::string* named = request.query_value("days")) {
        const auto number = parse_scaled(*named, 0);
        if (!number || *number < 1 || *number > kWindowDaysMax)
            return invalid_argument("request.invalid_query",
                                    "days is a number from 1 to " + std::to_string(kWindowDaysMax));
        days = *number;
    }
    return Period{now - std::chrono::days(days), now};
}

}  // namespace

boost::asio::awaitable<Result<http::Response>> AnalyticsApi::get_revenue(
    const Principal& /*caller*/, const http::Request& request) {
    const auto good = check_query(request, {"currency", "catalog"});
    if (!good) co_return failure(good);
    const std::string* named = request.query_value("currency");
    const auto currency = named == nullptr ? std::optional(Currency::Usd) : parse_currency(*named);
    if (!currency)
        co_return invalid_argument("analytics.unknown_currency",
                                   "currency is a code of ISO 4217 that is sold in: \"USD\"");
    const auto of = catalog_asked(*catalog.get(), request);
    if (!of) co_return failure(of);
    const FigureScope scope{*of, clock.now()};
    auto work = [&](sql::Transaction& tx) { return load_revenue_facts(tx, scope, *currency); };
    const auto facts = co_await db.read(work);
    co_return http::ok(write_revenue_stats(revenue_stats(facts), scope.now));
}

boost::asio::awaitable<Result<http::Response>> AnalyticsApi::get_figures(
    const Principal& /*caller*/, const http::Request& request) {
    const auto good = check_query(request, {"catalog", "days"});
    if (!good) co_return failure(good);
    const auto of = catalog_asked(*catalog.get(), request);
    if (!of) co_return failure(of);
    const FigureScope scope{*of, clock.now()};
    const auto window = window_of(request, scope.now);
    if (!window) co_return failure(window);
    auto work = [&](sql::Transaction& tx) { return load_figures(tx, scope, *window); };
    const auto figures = co_await db.read(work);
    co_return http::ok(write_figures(figures));
}

}  // namespace turnpike
