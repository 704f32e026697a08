#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"
#include "payments/provider_client.h"

namespace turnpike::stripe {

/// What requests and answers are written in, whatever the account's own version is.
inline constexpr std::string_view kApiVersion = "2026-02-25.clover";

struct ClientConfig : ConnectionConfig {
    ClientConfig() { base_url = "https://api.stripe.com"; }  ///< STRIPE_API_BASE
    std::string secret_key;                                  ///< STRIPE_SECRET_KEY
};

/// Errors: InvalidArgument "stripe.bad_key"        not sk_/rk_ + test_/live_ + letters and digits
///                         "stripe.bad_base_url"   not http(s)://host[:port]
///                         "stripe.live_key_in_clear"  a live key and a base URL without TLS
Result<std::monostate> check_config(const ClientConfig& config);
/// Whether events and objects of this key carry livemode: true.
bool is_live_key(std::string_view secret_key);

/// Parameters are form text: the body of a POST, the query of the others. Only POST has idempotency
/// keys at Stripe.
Wire wire_of(const ClientConfig& config);

}  // namespace turnpike::stripe
