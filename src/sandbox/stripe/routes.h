#pragma once

#include <vector>

#include "sandbox/stripe/context.h"
#include "sandbox/stripe/pages.h"

namespace turnpike::twin {

/// Every operation of the sandbox's API.
std::vector<OperationRoute> all_operation_routes();
/// The billing engine's entries.
BillingHooks billing_hooks();
/// Every page for people.
std::vector<PageRoute> all_page_routes();

}  // namespace turnpike::twin
