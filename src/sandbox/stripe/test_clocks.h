#pragma once

#include <span>
#include <string>

#include "sandbox/stripe/context.h"

namespace turnpike::twin {

/// Brings a clock that is "advancing" to its target: runs the billing engine, then answers "ready"
/// and emits the event. Does nothing to a clock that is not advancing.
/// Errors: the engine's; roll back, then fail_advance().
Answer finish_advance(Context& ctx, const std::string& clock);
/// Leaves the clock where it was, as "internal_failure".
Answer fail_advance(Context& ctx, const std::string& clock);

std::span<const OperationRoute> test_clock_routes();

}  // namespace turnpike::twin
