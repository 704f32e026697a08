#include "sandbox/stripe/signature.h"

#include "base/encoding.h"
#include "crypto/crypto.h"

namespace turnpike::twin {

std::string stripe_signature(std::string_view secret, std::int64_t unix_time,
                             std::string_view body) {
    const auto stamp = std::to_string(unix_time);
    const auto mac = hmac_sha256(secret, stamp + "." + std::string(body));
    return "t=" + stamp + ",v1=" + to_hex(mac);
}

}  // namespace turnpike::twin
