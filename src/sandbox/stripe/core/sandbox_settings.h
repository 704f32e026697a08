#pragma once

#include <string>

#include "json/value.h"
#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// What an account has chosen at /_sandbox/NAME, which at Stripe its dashboard knows: `defaults`
/// until then. One stored object of the kind "sandbox.NAME".
Json sandbox_settings(Context& ctx, const std::string& name, const Json& defaults);

}  // namespace turnpike::twin
