#pragma once

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

/// Adds what older shapes show of an object and today's leaves to other objects, as private members
/// for the steps of version_steps.h: the coupon of a discount, the price of a line, the payment of
/// an invoice, the invoice of a payment. `object` is visible().
void relate(Context& ctx, Json& object);

/// What can be expanded in older shapes only.
const Feature& version_feature();

}  // namespace turnpike::twin
