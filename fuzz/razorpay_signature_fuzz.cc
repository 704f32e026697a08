// An X-Razorpay-Signature header proves its body only when its owner made it. Input: a header, a
// line's end, a body; the header "sign" is replaced by what the secret's owner would send.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/crypto.h"
#include "webhooks/razorpay_signature.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace turnpike;
    constexpr std::string_view kSecret = "razorpay_fuzzing_secret";
    static const WebhookSecrets kSecrets =
        *WebhookSecrets::create({"older_secret", std::string(kSecret)});
    const auto* const bytes = static_cast<const char*>(static_cast<const void*>(data));
    const std::string_view input(bytes, size);
    const auto end = std::min(input.find('\n'), input.size());
    const std::string header(input.substr(0, end));
    const auto body = input.substr(std::min(end + 1, input.size()));
    const bool is_signed = header == "sign";
    const auto given = is_signed ? to_hex(hmac_sha256(kSecret, body)) : header;
    const auto verdict = check_razorpay_signature(given, body, kSecrets);
    check(std::holds_alternative<std::monostate>(verdict) == is_signed, "only the owner can sign");
    return 0;
}
