#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// A list cannot be asked for what belongs to an object that never was: 400, naming `kind`. `id`
/// may be "".
std::optional<Refusal> unknown_owner(Context& ctx, std::string_view kind, const std::string& id);

}  // namespace turnpike::twin
