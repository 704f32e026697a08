#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace turnpike::twin {

/// "t=1700000000,v1=<64 hex>": HMAC-SHA256 with the whole secret over "t.body".
std::string stripe_signature(std::string_view secret, std::int64_t unix_time,
                             std::string_view body);

}  // namespace turnpike::twin
