#include "billing/routes/price_of_change.h"

#include "catalog/service.h"
#include "subscriptions/service.h"

namespace turnpike {

Result<PriceId> price_of_change(sql::Transaction& tx, const Catalog& catalog,
                                const SubscriptionId& id, const ChangeBody& body) {
    const auto subscription = load_subscription(tx, id);
    if (!subscription) return failure(subscription);
    const bool keeps_price = !body.plan && !body.interval && !body.interval_count && !body.currency;
    if (keeps_price) return subscription->price;
    const auto now = load_price(tx, subscription->price);
    if (!now) return failure(now);
    const auto version = load_plan_version(tx, subscription->plan_version);
    if (!version) return failure(version);
    Offer offer{.plan = body.plan.value_or(version->key),
                .currency = body.currency.value_or(now->amount.currency()),
                .recurrence = now->recurrence};
    if (body.interval) offer.recurrence = {*body.interval, 1};
    if (body.interval_count) offer.recurrence.count = static_cast<int>(*body.interval_count);
    const auto* own = version->price(offer.currency, offer.recurrence);
    if (!body.plan && own != nullptr) return own->id;
    const auto sold = find_offer(catalog, version->catalog, offer);
    if (!sold) return failure(sold);
    return sold->price;
}

}  // namespace turnpike
