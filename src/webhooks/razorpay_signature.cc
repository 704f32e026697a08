#include "webhooks/razorpay_signature.h"

#include "base/encoding.h"
#include "crypto/crypto.h"

namespace turnpike {
namespace {

constexpr std::size_t kHexDigits = 64;

}  // namespace

std::variant<std::monostate, SignatureFault> check_razorpay_signature(
    std::string_view header, std::string_view body, const WebhookSecrets& secrets) {
    if (header.size() != kHexDigits || !from_hex(header)) return SignatureFault::MalformedHeader;
    bool fits = false;
    for (const std::string& secret : secrets.all())
        fits = equal_constant_time(to_hex(hmac_sha256(secret, body)), header) || fits;
    if (!fits) return SignatureFault::WrongSignature;
    return std::monostate{};
}

}  // namespace turnpike
