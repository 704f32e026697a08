#pragma once

#include <chrono>
#include <string>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"

/// Cards that were authorized and wait for their capture.
namespace turnpike::twin {

/// So long the bank holds the money.
inline constexpr auto kAuthorizationHold = std::chrono::days(7);

/// The days begin, for a stored intent that became requires_capture.
void hold_authorization(Context& ctx, const Json& intent);
/// It was captured or canceled: nothing expires.
void end_authorization(Context& ctx, const Json& intent);
/// An engine step: the days are over. Raises charge.expired and payment_intent.canceled.
void expire_authorization(Context& ctx, Json intent);

/// An intent that was not paid ends: status canceled, and payment_intent.canceled. `reason` may be
/// "".
Json end_payment_intent(Context& ctx, Json intent, const std::string& reason);

}  // namespace turnpike::twin
