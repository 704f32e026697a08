#pragma once

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

/// A product from product_data of a new price: not stored yet.
Json read_inline_product(Context& ctx, Params& params);

const Feature& product_feature();

}  // namespace turnpike::twin
