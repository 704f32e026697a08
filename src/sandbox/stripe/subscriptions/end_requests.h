#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "json/json.h"
#include "sandbox/stripe/wire/stripe_error.h"

/// The end of a subscription, asked for before it comes: cancel_at and cancel_at_period_end.
namespace turnpike::twin {

struct EndRequest {
    std::optional<std::string> cancel_at;  ///< a timestamp, "min_period_end", ..., or "" to unset
    std::optional<bool> at_period_end;
    [[nodiscard]] bool asks() const { return cancel_at || at_period_end; }
};

/// The ends of the items' periods, as they are without an end of the subscription.
struct PeriodEnds {
    Instant first, last;
};

/// Sets the end that is asked for; nothing is stored. cancel_at_period_end means the first of the
/// periods' ends.
/// Errors: 400 for both at once, and for ends in the past.
std::optional<StripeError> ask_for_end(Json& subscription, const EndRequest& request,
                                       const PeriodEnds& ends, Instant now);

enum class CancelFlag : bool { AtDate, AtPeriodEnd };
/// Sets, or with nullopt takes back, the end; nothing is stored.
void set_cancel_at(Json& subscription, std::optional<Instant> when, CancelFlag flag, Instant now);

}  // namespace turnpike::twin
