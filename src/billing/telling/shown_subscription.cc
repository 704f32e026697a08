#include "billing/telling/shown_subscription.h"

#include <utility>

#include "billing/provider/customer_time.h"
#include "catalog/service.h"
#include "customers/provider_link.h"
#include "subscriptions/discounts.h"

namespace turnpike {

Result<ShownSubscription> show_subscription(sql::Transaction& tx, Subscription subscription,
                                            Instant system_now) {
    const auto plan = load_plan_version(tx, subscription.plan_version);
    if (!plan) return failure(plan);
    ShownSubscription shown{.subscription = std::move(subscription),
                            .plan = plan->key,
                            .pending_plan = "",
                            .now = {},
                            .discounts = {}};
    shown.provider_customer =
        find_provider_customer(tx, shown.subscription.customer, shown.subscription.provider);
    shown.now = customer_time(tx, shown.subscription.customer, system_now);
    shown.discounts = load_discounts(tx, shown.subscription.id);
    if (const auto& change = shown.subscription.pending_change) {
        const auto price = load_price(tx, change->price);
        if (!price) return failure(price);
        const auto next = load_plan_version(tx, price->plan_version);
        if (!next) return failure(next);
        shown.pending_plan = next->key;
    }
    return shown;
}

}  // namespace turnpike
