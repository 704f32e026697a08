#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"
#include "payments/provider_client.h"

namespace turnpike::razorpay {

struct ClientConfig : ConnectionConfig {
    ClientConfig() { base_url = "https://api.razorpay.com"; }  ///< RAZORPAY_API_BASE
    std::string key_id;                                        ///< RAZORPAY_KEY_ID
    std::string key_secret;                                    ///< RAZORPAY_KEY_SECRET
};

/// Errors: InvalidArgument "razorpay.bad_key"         not rzp_test_ or rzp_live_ + letters, digits
///                         "razorpay.bad_secret"      empty, too long, or not printable
///                         "razorpay.bad_base_url"    not http(s)://host[:port]
///                         "razorpay.live_key_in_clear"  a live key and a base URL without TLS
Result<std::monostate> check_config(const ClientConfig& config);
bool is_live_key(std::string_view key_id);

/// Parameters are JSON text of POST, PUT and PATCH, and the query of the others. A POST without any
/// goes out as an empty form: that is how Razorpay's own clients cancel at once.
Wire wire_of(const ClientConfig& config);

/// What one answer means at Razorpay. Pure. There are no keys that would make a repetition safe
/// (spec: stripe-razorpay-wire 2), so what may have happened is never more than "may".
ReplyVerdict judge(const Result<http::Reply>& reply);

}  // namespace turnpike::razorpay
