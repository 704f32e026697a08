#include "billing/offer.h"

namespace turnpike {

Result<Sold> find_offer(const Catalog& catalog, std::string_view customer_catalog,
                        const Offer& offer) {
    const PlanVersion* plan = catalog.plan(customer_catalog, offer.plan);
    const PlanVersion* named = plan == nullptr ? catalog.plan(offer.plan) : nullptr;
    if (named != nullptr && named->catalog == customer_catalog) plan = named;
    if (plan == nullptr)
        return invalid_argument("billing.unknown_plan", "there is no plan '" + offer.plan + "'");
    if (plan->custom_price)
        return conflict("billing.talk_to_sales", "the price of plan '" + plan->key +
                                                     "' is made for each customer: talk to sales");
    const auto* price = plan->price(offer.currency, offer.recurrence);
    if (plan->is_default || price == nullptr)
        return invalid_argument("billing.plan_not_sold",
                                "the plan is not sold in this currency and interval");
    return Sold{plan->id, price->id};
}

}  // namespace turnpike
