#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/schedules/phase_params.h"

/// What a request makes of a schedule: creation and change, with what they do to its subscription.
/// POST /v1/subscription_schedules and previews share it.
namespace turnpike::twin {

/// nullopt while the schedule is open. `action` is "cancel", `done` "canceled".
std::optional<StripeError> check_open(const Json& schedule, const std::string& action,
                                      const std::string& done);

/// A schedule of this customer that has no phases yet, not stored.
Json blank_schedule(Context& ctx, const Json& customer);

/// Lets a schedule manage a subscription that has none: its one phase is the billing period that is
/// running, or what is left until the subscription's end.
Json schedule_subscription(Context& ctx, Json subscription);
/// `phase` follows the running one, in place of what followed; the subscription lives on after it.
/// The schedule is active; the running phase does not end its subscription.
Json follow_with(Context& ctx, Json schedule, Json phase);

/// Creates a schedule from phases, and begins it when its time has come. Raises no event of the
/// schedule itself.
Outcome<Json> make_schedule(Context& ctx, Params& params, const PhaseReading& reading);
/// Changes an open schedule, and its subscription where that is concerned.
Outcome<Json> change_schedule(Context& ctx, Params& params, Json schedule);

}  // namespace turnpike::twin
