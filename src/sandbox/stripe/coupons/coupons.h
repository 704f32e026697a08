#pragma once

#include <span>

#include "sandbox/stripe/context.h"

namespace turnpike::twin {

/// 400: the coupon is past its redeem_by, used up, or otherwise not valid.
Refusal coupon_expired(const std::string& coupon, const std::string& param);

std::span<const OperationRoute> coupon_routes();

}  // namespace turnpike::twin
