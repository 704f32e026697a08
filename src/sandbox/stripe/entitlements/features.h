#pragma once

#include <span>
#include <string>
#include <vector>

#include "sandbox/stripe/context.h"

/// What a seller's products give access to: features, and which products have them.
namespace turnpike::twin {

inline constexpr std::string_view kFeatureKind = "entitlements.feature";

/// The ids of the features that are attached to a product, in no order.
std::vector<std::string> features_of_product(Context& ctx, const std::string& product);

/// /v1/entitlements/features and /v1/products/{product}/features.
std::span<const OperationRoute> feature_routes();

}  // namespace turnpike::twin
