#include "access/idempotency_key.h"

#include <algorithm>
#include <initializer_list>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::size_t kKeyCharactersMax = 255;

/// Each with its length, so that no two lists of parts are written alike.
std::string digest_of_parts(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const auto part : parts) {
        text += std::to_string(part.size());
        text += ':';
        text += part;
    }
    return to_hex(sha256(text));
}

bool is_printable(char c) { return c >= 0x20 && c <= 0x7e; }

/// What stands between the quotes of an RFC 8941 string; "" when it is none.
std::string unquoted(std::string_view text) {
    std::string key;
    for (std::size_t at = 1; at + 1 < text.size(); ++at) {
        if (text[at] == '"') return {};
        if (text[at] == '\\' && (++at + 1 >= text.size() || (text[at] != '"' && text[at] != '\\')))
            return {};
        key += text[at];
    }
    return key;
}

}  // namespace

Result<std::string> read_idempotency_key(std::string_view header) {
    const bool quoted = header.size() >= 2 && header.front() == '"' && header.back() == '"';
    std::string key = quoted ? unquoted(header) : std::string(header);
    const auto fits = [&](char c) { return quoted ? is_printable(c) : c > 0x20 && c <= 0x7e; };
    const bool good = !key.empty() && key.size() <= kKeyCharactersMax &&
                      std::ranges::all_of(key, fits) && (quoted || !key.contains('"'));
    if (good) return key;
    return invalid_argument("idempotency.key_malformed",
                            "an Idempotency-Key has 1 to 255 printable ASCII characters, with "
                            "quotation marks around them or without");
}

std::string request_fingerprint(std::string_view query, std::string_view body) {
    const auto parsed = parse_json(body);
    if (!parsed) return digest_of_parts({query, body});
    // Members in one order, whatever they were sent in.
    const nlohmann::json sorted = *parsed;
    return digest_of_parts(
        {query, sorted.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
}

std::string scope_digest(const KeyScope& scope) {
    return digest_of_parts({scope.principal, scope.method, scope.path, scope.key});
}

}  // namespace turnpike
