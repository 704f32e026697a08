#pragma once

#include <span>

#include "sandbox/stripe/context.h"

/// Which features each customer has, by his subscriptions (docs.stripe.com/billing/entitlements).
namespace turnpike::twin {

/// Grants and takes away what this subscription, as it is now, changes for its customer, and raises
/// entitlements.active_entitlement_summary.updated if that is anything. A subscription grants what
/// its products had when its items, or its billing period, last changed: features that are attached
/// or detached later count from its next period on, as Stripe documents it.
void update_entitlements(Context& ctx, const Json& subscription);

/// /v1/entitlements/active_entitlements.
std::span<const OperationRoute> active_entitlement_routes();

}  // namespace turnpike::twin
