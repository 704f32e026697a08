#pragma once

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

/// Which features each customer has, by his subscriptions (docs.stripe.com/billing/entitlements).
namespace turnpike::twin {

const Feature& active_entitlement_feature();

}  // namespace turnpike::twin
