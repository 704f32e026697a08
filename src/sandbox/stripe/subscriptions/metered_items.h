#pragma once

#include <optional>
#include <string>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/wire/stripe_error.h"

namespace turnpike::twin {

/// `param` gave a quantity to what is metered, which has the quantity that its meter says.
StripeError quantity_of_metered(const std::string& param);

/// The same where `item`, a subscription item that keeps its price, is metered. nullopt when it is
/// not.
std::optional<StripeError> check_kept_quantity(Context& ctx, const std::string& item,
                                               const std::string& param);

}  // namespace turnpike::twin
