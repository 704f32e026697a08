#include "webhooks/standard_signature.h"

#include <utility>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/crypto.h"

namespace turnpike {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::size_t kSecretBytesMin = 24;
constexpr std::size_t kSecretBytesMax = 64;

bool is_good_size(const std::string& bytes) {
    return bytes.size() >= kSecretBytesMin && bytes.size() <= kSecretBytesMax;
}

}  // namespace

EndpointSecret EndpointSecret::of_bytes(std::string bytes) {
    check(is_good_size(bytes), "an endpoint's secret has 24 to 64 bytes");
    return EndpointSecret(std::move(bytes));
}

Result<EndpointSecret> EndpointSecret::parse(std::string_view text) {
    if (text.starts_with(kSecretPrefix))
        if (auto bytes = from_base64(text.substr(kSecretPrefix.size())); bytes)
            if (is_good_size(*bytes)) return EndpointSecret(*std::move(bytes));
    return invalid_argument("webhook.bad_endpoint_secret",
                            "an endpoint's secret is whsec_ and the base64 of 24 to 64 bytes");
}

std::string EndpointSecret::text() const { return std::string(kSecretPrefix) + to_base64(bytes_); }

std::string EndpointSecret::sign(std::string_view id, Instant at, std::string_view body) const {
    std::string signed_text(id);
    signed_text.append(".").append(std::to_string(unix_seconds(at))).append(".").append(body);
    return "v1," + to_base64(hmac_sha256(bytes_, signed_text));
}

}  // namespace turnpike
