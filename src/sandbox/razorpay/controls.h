#pragma once

#include <span>

#include "sandbox/razorpay/context.h"

namespace turnpike::twin::razorpay {

/// Moves the account's clock to `target` and does what falls due on the way.
/// Errors: BAD_REQUEST_ERROR unless it lies ahead, by at most 366 days.
Answer move_clock_to(Context& ctx, Instant target);

/// What Razorpay does not have: the clock of an account, and what its customers' banks say. Below
/// /_sandbox/, with the account's key.
std::span<const Route> control_routes();

}  // namespace turnpike::twin::razorpay
