#pragma once

#include <string>
#include <string_view>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"

/// What a payment method is before it says of what kind.
namespace turnpike::twin {

/// Of nobody and not stored yet; its member `type`, which tells of the card or account, is empty.
Json blank_payment_method(Context& ctx, const std::string& type);

/// The same card or account, named by its number, has the same fingerprint in one account.
std::string fingerprint_of(const std::string& account, std::string_view number);

}  // namespace turnpike::twin
