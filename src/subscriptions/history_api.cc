#include "subscriptions/history_api.h"

#include <utility>
#include <vector>

#include "access/page.h"
#include "catalog/service.h"
#include "json/write.h"
#include "subscriptions/discounts.h"
#include "subscriptions/history.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

struct PricedEvent {
    SubscriptionEvent event;
    std::string plan;  ///< key
    Money amount;
    std::vector<Discount> discounts;
};

Json write_pause_of_event(const std::optional<Pause>& pause) {
    if (!pause) return nullptr;
    return Json{{"behavior", to_text(pause->behavior)},
                {"resumes_at", write_instant(pause->resumes_at)}};
}

Json write_event(const PricedEvent& priced) {
    const SubscriptionEvent& e = priced.event;
    return Json{
        {"id", e.id.text()},
        {"object", "subscription_event"},
        {"subscription", e.subscription.text()},
        {"customer", e.customer.text()},
        {"number", e.number},
        {"kind", to_text(e.kind)},
        {"at", format_rfc3339(e.at)},
        {"recorded_at", format_rfc3339(e.recorded_at)},
        {"status", to_text(e.status)},
        {"plan", priced.plan},
        {"plan_version", e.plan_version.text()},
        {"price", e.price.text()},
        {"amount", write_money(priced.amount)},
        {"quantity", e.quantity},
        {"discounts", write_discounts(priced.discounts, e.at)},
        {"current_period", write_period(e.period)},
        {"cancel_at_period_end", e.cancel_at_period_end},
        {"cancel_at", write_instant(e.cancel_at)},
        {"pause", write_pause_of_event(e.pause)},
        {"grace_ends_at", write_instant(e.grace_ends_at)},
        {"actor", e.actor},
        {"request_id", e.request_id.empty() ? Json() : Json(e.request_id)},
    };
}

Result<std::vector<PricedEvent>> load_priced(sql::Transaction& tx, const SubscriptionId& id,
                                             const PageQuery& query) {
    const auto subscription = load_subscription(tx, id);
    if (!subscription) return failure(subscription);
    std::vector<PricedEvent> priced;
    for (auto& event : list_events(tx, id, query)) {
        const auto plan = load_plan_version(tx, event.plan_version);
        if (!plan) return failure(plan);
        const auto price = load_price(tx, event.price);
        if (!price) return failure(price);
        auto discounts = load_discounts_of(tx, id, event.number);
        priced.push_back({std::move(event), plan->key, price->amount, std::move(discounts)});
    }
    return priced;
}

}  // namespace

boost::asio::awaitable<Result<http::Response>> HistoryApi::get_events(
    const Principal& /*caller*/, const http::Request& request) {
    // A text that is no id finds nothing, and says so in the same words.
    const auto id = SubscriptionId::parse(request.path_value("subscription"))
                        .value_or(SubscriptionId::trusted(""));
    const std::string listing = "subscription_events " + id.text();
    const auto query = read_page(request, cursors, listing);
    if (!query) co_return failure(query);
    auto fetched =
        co_await db.read([&](sql::Transaction& tx) { return load_priced(tx, id, *query); });
    if (!fetched) co_return failure(fetched);
    const auto page = cut_page(*std::move(fetched), *query);

    Json data = Json::array();
    for (const auto& one : page.items) data.push_back(write_event(one));
    std::optional<PageMark> last;
    if (page.has_more) last = {page.items.back().event.at, page.items.back().event.id.text()};
    co_return list_response(std::move(data), cursors, listing, last);
}

}  // namespace turnpike
