#pragma once

#include <string>
#include <variant>

#include "base/time.h"
#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// Carries out what time brings, strictly in the order of time: renewals, trial ends, scheduled
/// cancellations, the finalization of drafts, payments and their retries, the expiry of incomplete
/// subscriptions.
///
/// \param test_clock  "" for the real time: of customers without a test clock
/// \param until       steps due up to and including this moment are taken, each at its own time;
///                    afterwards the clock stands at `until` (Context::set_clock_time)
///
/// Runs in the caller's transaction. A step that fails is a broken promise, never skipped.
Outcome<std::monostate> run_engine(Context& ctx, const std::string& test_clock, Instant until);

}  // namespace turnpike::twin
