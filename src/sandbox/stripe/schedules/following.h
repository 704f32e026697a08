#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/time.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"

/// How a subscription does what its schedule says. Every change of what is subscribed to goes
/// through plan_change() and apply_change(), as a change by API does.
namespace turnpike::twin {

/// Creates the subscription of a schedule whose `phase` has begun. Its first invoice stays a draft
/// for an hour, like a renewal's.
/// Errors: what creating it by API would be refused for.
Outcome<Json> start_following(Context& ctx, const Json& schedule, const Json& phase);

struct Following {
    ProrationBehavior proration = ProrationBehavior::CreateProrations;
    enum class Moment : bool {
        Start,   ///< the phase begins: its charges are due, its anchor may be reset
        Within,  ///< the phase that is running was changed
    } moment = Moment::Start;
    /// Within: the phase before the change. Discounts that it had already are not redeemed again.
    Json before{};
};
/// Makes the schedule's subscription what `phase` says. The schedule must be stored already, as it
/// will be: see split_phase().
/// Errors: what changing it by API would be refused for; nothing is changed then.
Outcome<std::monostate> follow_phase(Context& ctx, const Json& schedule, const Json& phase,
                                     const Following& how);

/// "create_prorations", "always_invoice", "none".
ProrationBehavior proration_of(const std::string& text);

/// False once somebody has changed the subscription's items or trial behind the phase's back.
bool mirrors(const Json& phase, const Json& subscription, Instant now);

}  // namespace turnpike::twin
