#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace turnpike::twin {

/// "t=1700000000,v1=<64 hex>,...,v0=<64 hex>": for each secret an HMAC-SHA256 with the whole of it
/// over "t.body". The v0 is what Stripe adds in test mode so that receivers learn to ignore unknown
/// schemes: it verifies with nothing.
std::string stripe_signature(std::span<const std::string> secrets, std::int64_t unix_time,
                             std::string_view body);

}  // namespace turnpike::twin
