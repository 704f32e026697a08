#pragma once

#include <string_view>

#include "sandbox/stripe/wire/params.h"
#include "sandbox/stripe/wire/stripe_error.h"

namespace turnpike::twin {

/// 400 of two parameters that were both given: "You may only specify one of these parameters: one,
/// other.", without a code, with `one` as the parameter.
Refusal only_one_of(const Params& params, std::string_view one, std::string_view other);
/// The same where they are read already: of parameters of the request itself.
Refusal only_one_of(std::string_view one, std::string_view other);

}  // namespace turnpike::twin
