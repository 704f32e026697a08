// A Stripe-Signature header proves its body only when its owner made it. Input: a header, a line's
// end, a body; a header that ends in "v1=" is completed here, as the secret's owner would.
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/crypto.h"
#include "webhooks/stripe_signature.h"

namespace {

/// When the owner signed, by a header that says nothing else: "t=" and digits.
std::optional<std::int64_t> plain_time(std::string_view header) {
    if (!header.starts_with("t=") || !header.ends_with(",v1=")) return std::nullopt;
    const auto digits = header.substr(2, header.size() - 6);
    std::int64_t time = 0;
    const char* end = digits.data() + digits.size();
    const auto [rest, problem] = std::from_chars(digits.data(), end, time);
    const bool whole = problem == std::errc() && rest == end && digits.front() != '-';
    if (!whole || digits.size() > 12) return std::nullopt;
    return time;
}

}  // namespace

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
    const auto time = plain_time(header);
    if (is_signed) {
        const auto stamp = header.substr(header.find('=') + 1, header.find(',') - 2);
        header += to_hex(hmac_sha256(kSecret, stamp + "." + std::string(body)));
    }
    const auto verdict = check_stripe_signature(header, body, kSecrets, now);
    const bool valid = std::holds_alternative<std::monostate>(verdict);
    check(is_signed || !valid, "nobody else can sign");
    if (time) {
        const auto distance = std::abs(unix_seconds(now) - *time);
        check(valid == (distance <= kSignatureTolerance.count()), "its owner's counts for a while");
    }
    return 0;
}
