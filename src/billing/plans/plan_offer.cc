#include "billing/plans/plan_offer.h"

#include <algorithm>

namespace turnpike {
namespace {

/// nullptr when no price is in this currency and interval, as far as they are named.
const Price* first_price(const PlanVersion& plan, const std::optional<Currency>& currency,
                         const std::optional<Interval>& interval) {
    const auto found = std::ranges::find_if(plan.prices, [&](const Price& price) {
        return price.amount.currency() == currency.value_or(price.amount.currency()) &&
               price.recurrence.interval == interval.value_or(price.recurrence.interval);
    });
    return found == plan.prices.end() ? nullptr : &*found;
}

const Price* price_as_paid(const PlanVersion& plan, const PlanOffer& offer,
                           const PriceInPlan& paid) {
    const auto currency = offer.currency.value_or(paid.amount.currency());
    const auto interval = offer.interval.value_or(paid.recurrence.interval);
    if (const auto* price = first_price(plan, currency, interval)) return price;
    return first_price(plan, currency, offer.interval);
}

}  // namespace

Result<Sold> find_plan_offer(const Catalog& catalog, std::string_view customer_catalog,
                             const PlanOffer& offer, const std::optional<PriceInPlan>& paid) {
    const auto plan = std::ranges::find_if(catalog.plans, [&](const PlanVersion& one) {
        return one.plan.text() == offer.plan && one.catalog == customer_catalog;
    });
    const auto former = std::ranges::find_if(catalog.archived, [&](const ArchivedPlan& one) {
        return one.plan.text() == offer.plan && one.catalog == customer_catalog;
    });
    if (former != catalog.archived.end()) return no_longer_sold(former->key);
    if (plan == catalog.plans.end())
        return invalid_argument("billing.unknown_plan", "there is no plan '" + offer.plan + "'");
    const Price* price = paid ? price_as_paid(*plan, offer, *paid) : nullptr;
    if (price == nullptr) price = first_price(*plan, offer.currency, offer.interval);
    Offer wanted{.plan = plan->key,
                 .currency = offer.currency.value_or(Currency::Usd),
                 .recurrence = {offer.interval.value_or(Interval::Month), 1}};
    if (price != nullptr) {
        wanted.currency = price->amount.currency();
        wanted.recurrence = price->recurrence;
    }
    return find_offer(catalog, customer_catalog, wanted);
}

}  // namespace turnpike
