#pragma once

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

/// The coupon behind a promotion code's document.
std::string coupon_of(const Json& promotion_code);

const Feature& promotion_code_feature();

}  // namespace turnpike::twin
