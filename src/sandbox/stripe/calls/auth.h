#pragma once

#include <string>
#include <string_view>

#include "http/message.h"
#include "sandbox/stripe/wire/stripe_error.h"

namespace turnpike::twin {

/// The secret key of a request, from Bearer or from Basic's user name. Only "sk_test_" and letters
/// and digits is good; each such key has an account of its own.
/// Errors: 401 with the key masked; for a publishable key ("pk_test_") 403 with Stripe's code
/// "secret_key_required".
Outcome<std::string> authenticate(const http::Request& request);

/// "pk_test_" and letters and digits.
bool has_publishable_key(const http::Request& request);

/// The token of a request that takes no secret key. Errors: 401 without one.
Outcome<std::string> bearer_token(const http::Request& request);

/// The version to echo. What is newer than kApiVersion is answered in the shapes of kApiVersion.
/// Errors: 400 for one before 2020-08-27 (kOldestVersion; 2024-09-30 below "/v2/"), or that never
/// was.
Outcome<std::string> negotiate_version(const http::Request& request);

/// 403 when the request speaks for a connected account: there are none here.
Outcome<std::string> refuse_connected_account(const http::Request& request,
                                              std::string_view secret_key);

/// "sk_test_abcdefgh" -> "sk_test_****efgh".
std::string masked_key(std::string_view key);

}  // namespace turnpike::twin
