#pragma once

#include <optional>

#include "base/time.h"
#include "json/json.h"
#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// A draft that would be finalized now waits while an endpoint refuses its invoice.created, for as
/// long as the account's `webhook_wait_hours` say (72 at Stripe): when to look again, nullopt when
/// nothing holds it back. What was not sent yet holds nothing back; so it is chance, and 0 until
/// somebody asks for it, whether a clock that leaps over the hour meets a refusal.
std::optional<Instant> webhook_wait(Context& ctx, const Json& draft);

}  // namespace turnpike::twin
