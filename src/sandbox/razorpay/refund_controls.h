#pragma once

#include <span>

#include "sandbox/razorpay/context.h"

namespace turnpike::twin::razorpay {

/// What only the sandbox has: refunds of a payment that wait, and what becomes of one that does.
std::span<const Route> refund_control_routes();

}  // namespace turnpike::twin::razorpay
