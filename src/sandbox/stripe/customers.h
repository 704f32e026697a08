#pragma once

#include <span>
#include <string>

#include "sandbox/stripe/context.h"

namespace turnpike::twin {

/// Ends a customer's subscriptions, detaches its payment methods, leaves a tombstone (returned),
/// and emits customer.deleted.
Answer delete_customer_and_contracts(Context& ctx, const Json& customer);

std::span<const OperationRoute> customer_routes();

}  // namespace turnpike::twin
