#pragma once

#include <span>

#include "sandbox/stripe/context.h"

namespace turnpike::twin {

/// A product from product_data of a new price: not stored yet.
Json read_inline_product(Context& ctx, Params& params);

std::span<const OperationRoute> product_routes();

}  // namespace turnpike::twin
