#pragma once

#include <span>
#include <string>

#include "sandbox/stripe/context.h"

namespace turnpike::twin {

/// Reads the parameters that prices[] and default_price_data share, stores the price of `product`,
/// and emits price.created.
Outcome<Json> create_price_of(Context& ctx, Params& params, const std::string& product);

std::span<const OperationRoute> price_routes();

}  // namespace turnpike::twin
