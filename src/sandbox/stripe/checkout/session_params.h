#pragma once

#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// POST /v1/checkout/sessions as a new session's document; the prices and products that it makes
/// are stored, it is not.
/// Errors: 400 in Stripe's words; what Checkout can and this sandbox cannot is refused by name.
Outcome<Json> read_new_session(Context& ctx, Params& params);

}  // namespace turnpike::twin
