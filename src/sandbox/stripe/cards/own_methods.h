#pragma once

#include <optional>
#include <string>

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/wire/stripe_error.h"

namespace turnpike::twin {

/// nullopt when it is a payment method of this customer's. Errors: 400 naming `param` for one that
/// does not exist, or is nobody's or somebody else's.
std::optional<StripeError> check_own_method(Context& ctx, const std::string& customer,
                                            const std::string& method, const std::string& param);

}  // namespace turnpike::twin
