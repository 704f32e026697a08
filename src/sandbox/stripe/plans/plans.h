#pragma once

#include <span>

#include "json/json.h"
#include "sandbox/stripe/context.h"

/// Plans: Stripe's older spelling of recurring prices. Only the price is stored; both spellings
/// find it under the same id.
namespace turnpike::twin {

/// The plan that a recurring price is.
Json plan_of(const Json& price);

std::span<const OperationRoute> plan_routes();

}  // namespace turnpike::twin
