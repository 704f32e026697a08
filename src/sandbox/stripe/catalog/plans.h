#pragma once

#include "json/json.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

/// Plans: Stripe's older spelling of recurring prices. Only the price is stored; both spellings
/// find it under the same id.
namespace turnpike::twin {

/// The plan that a recurring price is.
Json plan_of(const Json& price);

const Feature& plan_feature();

}  // namespace turnpike::twin
