#pragma once

#include <string>

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

/// Starts to move a clock to `target`: "advancing" at once; the sandbox's worker does the rest.
/// Errors: 404 for an unknown clock; 400 while it moves, and for a target that is not ahead or too
/// far.
Answer start_advance(Context& ctx, const std::string& clock, Instant target);
/// Brings a clock that is "advancing" to its target: runs the billing engine, then answers "ready"
/// and emits the event. Does nothing to a clock that is not advancing.
/// Errors: the engine's; roll back, then fail_advance().
Answer finish_advance(Context& ctx, const std::string& clock);
/// Leaves the clock where it was, as "internal_failure".
Answer fail_advance(Context& ctx, const std::string& clock);

const Feature& test_clock_feature();

}  // namespace turnpike::twin
