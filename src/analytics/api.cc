#include "analytics/api.h"

#include "analytics/service.h"
#include "analytics/wire.h"
#include "json/value.h"

namespace turnpike {

boost::asio::awaitable<Result<http::Response>> AnalyticsApi::get_revenue(
    const Principal& /*caller*/, const http::Request& request) {
    const std::string* named = request.query_value("currency");
    const auto currency = named == nullptr ? std::optional(Currency::Usd) : parse_currency(*named);
    if (!currency)
        co_return invalid_argument("analytics.unknown_currency",
                                   "currency is a code of ISO 4217 that is sold in: \"USD\"");
    const Instant now = clock.now();
    auto work = [&](sql::Transaction& tx) { return load_revenue_facts(tx, *currency, now); };
    const auto facts = co_await db.read(work);
    co_return http::ok(write_revenue_stats(revenue_stats(facts), now));
}

}  // namespace turnpike
