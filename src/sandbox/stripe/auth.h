#pragma once

#include <string>
#include <string_view>

#include "http/message.h"
#include "sandbox/stripe/stripe_error.h"

namespace turnpike::twin {

/// The secret key of a request, from Bearer or from Basic's user name. Only "sk_test_" and letters
/// and digits is good; each such key has an account of its own.
/// Errors: 401 with the key masked; for a publishable key ("pk_test_") with Stripe's code
/// "secret_key_required".
Outcome<std::string> authenticate(const http::Request& request);

/// The version to echo. Every date since 2025-03-31 is answered in the shapes of kApiVersion.
/// Errors: 400 for anything else.
Outcome<std::string> negotiate_version(const http::Request& request);

/// 403 when the request speaks for a connected account: there are none here.
Outcome<std::string> refuse_connected_account(const http::Request& request,
                                              std::string_view secret_key);

/// "sk_test_abcdefgh" -> "sk_test_****efgh".
std::string masked_key(std::string_view key);

}  // namespace turnpike::twin
