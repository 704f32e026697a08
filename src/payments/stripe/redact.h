#pragma once

#include <string>
#include <string_view>

namespace turnpike::stripe {

/// Replaces everything that looks like a key or secret of Stripe's (sk_, rk_, whsec_,
/// pi_.._secret_) by its prefix and "****", so that text from the wire may be logged or shown.
std::string redact(std::string_view text);

}  // namespace turnpike::stripe
