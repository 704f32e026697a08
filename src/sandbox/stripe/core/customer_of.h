#pragma once

#include <string>

#include "base/time.h"
#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// The customer's time in whole seconds: what Stripe's timestamps hold.
Instant second_of(Context& ctx, const std::string& customer);

/// A customer that exists and was not deleted; 400 "No such customer" naming `param` otherwise.
Outcome<Json> require_customer(Context& ctx, const std::string& id, const std::string& param);

}  // namespace turnpike::twin
