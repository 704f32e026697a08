#pragma once

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

/// 400: the coupon is past its redeem_by, used up, or otherwise not valid.
Refusal coupon_expired(const std::string& coupon, const std::string& param);

const Feature& coupon_feature();

}  // namespace turnpike::twin
