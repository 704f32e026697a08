#pragma once

#include <span>

#include "sandbox/razorpay/context.h"

namespace turnpike::twin::razorpay {

/// What Razorpay does not have: the clock of an account, and what its customers' banks say. Below
/// /sandbox/, with the account's key.
std::span<const Route> control_routes();

}  // namespace turnpike::twin::razorpay
