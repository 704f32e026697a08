#pragma once

#include <span>
#include <string>
#include <string_view>

namespace turnpike {

/// Replaces everything that looks like a key or secret of Stripe's (sk_, rk_, whsec_,
/// pi_.._secret_) by its prefix and "****", so that text from the wire may be logged or shown.
/// Razorpay's have no look of their own: hide takes them out.
std::string redact(std::string_view text);

/// Replaces these very texts by "****": secrets that nothing but their owner recognizes.
std::string hide(std::string text, std::span<const std::string> secrets);

}  // namespace turnpike
