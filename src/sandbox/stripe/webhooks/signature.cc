#include "sandbox/stripe/webhooks/signature.h"

#include "base/encoding.h"
#include "crypto/crypto.h"

namespace turnpike::twin {

std::string stripe_signature(std::span<const std::string> secrets, std::int64_t unix_time,
                             std::string_view body) {
    const auto stamp = std::to_string(unix_time);
    const auto text = stamp + "." + std::string(body);
    std::string header = "t=" + stamp;
    for (const auto& secret : secrets) header += ",v1=" + to_hex(hmac_sha256(secret, text));
    return header + ",v0=" + to_hex(hmac_sha256("no secret", text));
}

}  // namespace turnpike::twin
