#pragma once

#include <string>
#include <vector>

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

/// What a seller's products give access to: features, and which products have them.
namespace turnpike::twin {

inline constexpr std::string_view kFeatureKind = "entitlements.feature";

/// The ids of the features that are attached to a product, in no order.
std::vector<std::string> features_of_product(Context& ctx, const std::string& product);

const Feature& entitlement_feature();

}  // namespace turnpike::twin
