#pragma once

#include <span>
#include <string>

#include "sandbox/razorpay/context.h"

namespace turnpike::twin::razorpay {

/// The customer with this e-mail address, made when there is none: what an authorisation does.
Json customer_with_email(Context& ctx, const std::string& email);

std::span<const Route> customer_routes();

}  // namespace turnpike::twin::razorpay
