#include "webhooks/stripe_signature.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "crypto/crypto.h"

namespace turnpike {
namespace {

constexpr std::size_t kHeaderBytesMax = 4'096;
constexpr std::size_t kSignaturesMax = 16;

struct ParsedHeader {
    std::string_view time_text;  ///< as signed
    std::int64_t time = 0;
    std::vector<std::string_view> v1;
};

/// Digits only, so that the signed text has one spelling.
std::optional<std::int64_t> parse_time(std::string_view text) {
    if (text.empty() || text.size() > 12) return std::nullopt;
    if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    std::int64_t seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return seconds;
}

std::optional<ParsedHeader> parse_header(std::string_view header) {
    if (header.empty() || header.size() > kHeaderBytesMax) return std::nullopt;
    ParsedHeader parsed;
    bool more = true;
    while (more) {
        const auto comma = header.find(',');
        const auto element = header.substr(0, comma);
        more = comma != std::string_view::npos;
        if (more) header.remove_prefix(comma + 1);

        const auto equals = element.find('=');
        if (equals == std::string_view::npos || equals == 0) return std::nullopt;
        const auto key = element.substr(0, equals);
        const auto value = element.substr(equals + 1);
        if (key == "t") {
            const auto time = parse_time(value);
            if (!time || !parsed.time_text.empty()) return std::nullopt;
            parsed.time_text = value;
            parsed.time = *time;
        } else if (key == "v1") {
            if (parsed.v1.size() == kSignaturesMax) return std::nullopt;
            parsed.v1.push_back(value);
        }
    }
    if (parsed.time_text.empty()) return std::nullopt;
    return parsed;
}

bool fits_any(const ParsedHeader& header, std::string_view body, const WebhookSecrets& secrets) {
    std::string signed_text(header.time_text);
    signed_text.append(".").append(body);
    bool fits = false;
    for (const std::string& secret : secrets.all()) {
        const auto expected = to_hex(hmac_sha256(secret, signed_text));
        for (const std::string_view given : header.v1)
            fits = equal_constant_time(expected, given) || fits;
    }
    return fits;
}

}  // namespace

std::variant<std::monostate, SignatureFault> check_stripe_signature(std::string_view header,
                                                                    std::string_view body,
                                                                    const WebhookSecrets& secrets,
                                                                    Instant now) {
    const auto parsed = parse_header(header);
    if (!parsed) return SignatureFault::MalformedHeader;
    if (parsed->v1.empty()) return SignatureFault::NoKnownScheme;
    if (!fits_any(*parsed, body, secrets)) return SignatureFault::WrongSignature;
    const auto distance = unix_seconds(now) - parsed->time;
    if (distance > kSignatureTolerance.count() || -distance > kSignatureTolerance.count())
        return SignatureFault::OutsideTolerance;
    return std::monostate{};
}

}  // namespace turnpike
