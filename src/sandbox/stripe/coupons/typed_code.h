#pragma once

#include <string>

#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// The promotion code of this word, in any case of letters, that the customer ("" for one whom
/// nobody knows) may redeem now.
/// Errors: 400 in words for a person: invalid, expired, or for another customer.
Outcome<Json> find_typed_code(Context& ctx, const std::string& word, const std::string& customer);

}  // namespace turnpike::twin
