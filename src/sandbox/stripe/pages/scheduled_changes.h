#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/coupons/redeem.h"

/// Changes of plans that the portal makes when the billing period is over, by a subscription
/// schedule (subscription_update[schedule_at_period_end] of a configuration). A schedule that the
/// portal made is its own until the seller changes it.
namespace turnpike::twin {

/// What the only item of a subscription becomes.
struct NextItem {
    Json price;  ///< with its amounts in the subscription's currency
    std::int64_t quantity = 1;
};
/// Whether one of the configuration's conditions holds for this change.
bool waits_for_period_end(const Json& features, const Json& subscription, const NextItem& next);

/// Schedules it, in place of what was scheduled before. nullopt: a schedule of the seller's manages
/// the plan, or it is going to end.
std::optional<Json> schedule_change(Context& ctx, const Json& features, const Json& subscription,
                                    const NextItem& next,
                                    const std::vector<DiscountRequest>& discounts);
/// Takes back what the portal scheduled. False if there is nothing.
bool drop_scheduled_change(Context& ctx, const Json& subscription);

/// What a schedule makes of the plan next, as HTML, and the form that takes it back where the
/// portal scheduled it; "" if nothing.
std::string scheduled_part(Context& ctx, const Json& subscription);

}  // namespace turnpike::twin
