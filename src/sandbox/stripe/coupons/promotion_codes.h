#pragma once

#include <span>

#include "sandbox/stripe/context.h"

namespace turnpike::twin {

/// The coupon behind a promotion code's document.
std::string coupon_of(const Json& promotion_code);

std::span<const OperationRoute> promotion_code_routes();

}  // namespace turnpike::twin
