#pragma once

#include <span>

#include "sandbox/stripe/context.h"

namespace turnpike::twin {

/// GET /v1/account, /v1/accounts/{account}, /v1/balance.
std::span<const OperationRoute> account_routes();

}  // namespace turnpike::twin
