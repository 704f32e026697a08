// A Stripe-Signature header proves its body only when its owner made it. Input: a header, a line's
// end, a body; a header that ends in "v1=" is completed here, as the secret's owner would.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/crypto.h"
#include "webhooks/stripe_signature.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace turnpike;
    constexpr std::string_view kSecret = "whsec_fuzzing_secret";
    static const WebhookSecrets kSecrets = *WebhookSecrets::create({std::string(kSecret)});
    const Instant now = from_unix_seconds(1'700'000'000);
    const auto* const bytes = static_cast<const char*>(static_cast<const void*>(data));
    const std::string_view input(bytes, size);
    const auto end = std::min(input.find('\n'), input.size());
    std::string header(input.substr(0, end));
    const auto body = input.substr(std::min(end + 1, input.size()));
    const bool is_signed = header.ends_with("v1=");
    if (is_signed) {
        const auto stamp = header.substr(header.find('=') + 1, header.find(',') - 2);
        header += to_hex(hmac_sha256(kSecret, stamp + "." + std::string(body)));
    }
    const auto verdict = check_stripe_signature(header, body, kSecrets, now);
    check(is_signed || !std::holds_alternative<std::monostate>(verdict), "nobody else can sign");
    return 0;
}
