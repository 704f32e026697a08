#pragma once

#include <span>

#include "sandbox/stripe/context.h"

namespace turnpike::twin {

std::span<const OperationRoute> webhook_endpoint_routes();

}  // namespace turnpike::twin
