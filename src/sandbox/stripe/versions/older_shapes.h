#pragma once

#include <string_view>

#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// `document`, which is visible(), in the shape of `version`; as it is for versions without changes
/// to undo.
Json in_version(Context& ctx, Json document, std::string_view version);

}  // namespace turnpike::twin
