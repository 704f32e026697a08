#pragma once

#include <string>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// Where a plan stands, what comes next, and what is taken off its invoices; HTML for the portal.
std::string plan_status(Context& ctx, const Json& session, const Json& subscription);

}  // namespace turnpike::twin
