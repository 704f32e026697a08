#include "access/jwt.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::size_t kSubjectBytesMax = 128;
constexpr std::size_t kEmailBytesMax = 254;
constexpr std::int64_t kSecondsMax = 253'402'300'799;  // the end of year 9999
constexpr auto kRefusedHeaders =
    std::to_array({"jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "cty"});

std::unexpected<Error> refused(Reason reason) {
    return fail(ErrorCode::Unauthenticated, reason, "the bearer token is not valid");
}
std::unexpected<Error> malformed() { return refused("access.token_malformed"); }
std::unexpected<Error> bad_claims() { return refused("access.token_claims"); }
std::unexpected<Error> not_yet_valid() { return refused("access.token_not_yet_valid"); }

struct Parts {
    std::string_view header, payload, signature;
    std::string_view signed_text;  ///< header '.' payload, as received
};

std::optional<Parts> split(std::string_view token) {
    const auto first = token.find('.');
    if (first == std::string_view::npos) return std::nullopt;
    const auto second = token.find('.', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    if (token.find('.', second + 1) != std::string_view::npos) return std::nullopt;
    return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
                 token.substr(second + 1), token.substr(0, second)};
}

/// A JSON object in canonical base64url, without repeated members.
std::optional<Json> read_object(std::string_view part) {
    const auto text = from_base64url(part);
    if (!text) return std::nullopt;
    auto object = parse_json(*text, {.depth_max = 8, .bytes_max = kTokenBytesMax});
    if (!object || !object->is_object()) return std::nullopt;
    return *std::move(object);
}

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7E; });
}

bool has_control_character(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F; });
}

std::string lower_case(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

struct Header {
    std::string algorithm;
    std::optional<std::string> kid;
};

std::optional<Header> read_header(std::string_view part) {
    const auto json = read_object(part);
    if (!json) return std::nullopt;
    for (const auto* name : kRefusedHeaders)
        if (json->contains(name)) return std::nullopt;

    const auto alg = json->find("alg");
    if (alg == json->end() || !alg->is_string()) return std::nullopt;
    Header header{alg->get<std::string>(), std::nullopt};
    if (const auto typ = json->find("typ"); typ != json->end()) {
        if (!typ->is_string()) return std::nullopt;
        const auto type = lower_case(typ->get<std::string>());
        if (type != "jwt" && type != "at+jwt" && type != "application/at+jwt") return std::nullopt;
    }
    if (const auto kid = json->find("kid"); kid != json->end()) {
        if (!kid->is_string()) return std::nullopt;
        header.kid = kid->get<std::string>();
    }
    return header;
}

/// A NumericDate in whole seconds. Absent is nullopt inside; malformed is nullopt outside.
std::optional<std::optional<Instant>> read_date(const Json& claims, const char* name) {
    const auto found = claims.find(name);
    if (found == claims.end()) return std::optional<Instant>();
    if (!found->is_number_unsigned()) return std::nullopt;
    const auto seconds = found->get<std::uint64_t>();
    if (seconds > static_cast<std::uint64_t>(kSecondsMax)) return std::nullopt;
    return std::optional(from_unix_seconds(static_cast<std::int64_t>(seconds)));
}

bool text_equals(const Json& claims, const char* name, const std::string& wanted) {
    const auto found = claims.find(name);
    return found != claims.end() && found->is_string() && found->get<std::string>() == wanted;
}

bool audience_includes(const Json& claims, const std::string& wanted) {
    const auto found = claims.find("aud");
    if (found == claims.end()) return false;
    if (!found->is_array()) return text_equals(claims, "aud", wanted);
    return std::ranges::any_of(*found, [&](const Json& one) {
        return one.is_string() && one.get<std::string>() == wanted;
    });
}

std::optional<Role> read_role(const Json& claims) {
    if (!claims.contains("role") || text_equals(claims, "role", "user")) return Role::User;
    if (text_equals(claims, "role", "admin")) return Role::Admin;
    return std::nullopt;
}

Result<Claims> read_identity(const Json& json) {
    Claims claims;
    const auto subject = json.find("sub");
    if (subject == json.end() || !subject->is_string()) return bad_claims();
    claims.subject = subject->get<std::string>();
    if (claims.subject.empty() || claims.subject.size() > kSubjectBytesMax ||
        !is_printable(claims.subject))
        return bad_claims();

    const auto role = read_role(json);
    if (!role) return bad_claims();
    claims.role = *role;

    if (const auto email = json.find("email"); email != json.end() && !email->is_null()) {
        if (!email->is_string()) return bad_claims();
        claims.email = email->get<std::string>();
        if (claims.email->empty() || claims.email->size() > kEmailBytesMax ||
            has_control_character(*claims.email))
            return bad_claims();
    }
    return claims;
}

Result<Claims> read_claims(const KeySet& keys, std::string_view part, Instant now) {
    const auto json = read_object(part);
    if (!json) return malformed();
    auto claims = read_identity(*json);
    if (!claims) return failure(std::move(claims));

    const auto expires = read_date(*json, "exp");
    const auto not_before = read_date(*json, "nbf");
    const auto issued = read_date(*json, "iat");
    if (!expires || !*expires || !not_before || !issued) return bad_claims();
    if (!keys.issuer().empty() && !text_equals(*json, "iss", keys.issuer())) return bad_claims();
    if (!keys.audience().empty() && !audience_includes(*json, keys.audience())) return bad_claims();

    if (now >= **expires + kTokenLeeway) return refused("access.token_expired");
    if (*not_before && now + kTokenLeeway < **not_before) return not_yet_valid();
    if (*issued && now + kTokenLeeway < **issued) return not_yet_valid();
    claims->issued_at = *issued;
    claims->expires_at = **expires;
    return claims;
}

}  // namespace

Result<Claims> verify(const KeySet& keys, std::string_view token, Instant now) {
    if (token.size() > kTokenBytesMax) return malformed();
    const auto parts = split(token);
    if (!parts) return malformed();
    const auto header = read_header(parts->header);
    const auto signature = from_base64url(parts->signature);
    if (!header || !signature) return malformed();

    const JwtKey* key = keys.find(header->kid);
    if (key == nullptr || header->algorithm != to_text(key->algorithm) ||
        !signature_holds(*key, parts->signed_text, *signature))
        return refused("access.token_signature");
    return read_claims(keys, parts->payload, now);
}

Result<std::string> mint_hs256(const JwtConfig& config, const Claims& claims) {
    if (config.hs256_secret.empty())
        return invalid_argument("access.no_secret", "no HS256 secret is configured");
    Json header;
    header["alg"] = to_text(JwtAlgorithm::Hs256);
    header["typ"] = "JWT";
    if (!config.hs256_kid.empty()) header["kid"] = config.hs256_kid;

    Json payload;
    payload["sub"] = claims.subject;
    if (claims.role == Role::Admin) payload["role"] = "admin";
    if (claims.email) payload["email"] = *claims.email;
    if (!config.issuer.empty()) payload["iss"] = config.issuer;
    if (!config.audience.empty()) payload["aud"] = config.audience;
    if (claims.issued_at) payload["iat"] = unix_seconds(*claims.issued_at);
    payload["exp"] = unix_seconds(claims.expires_at);

    std::string token = to_base64url(to_text(header)) + '.' + to_base64url(to_text(payload));
    token += '.' + to_base64url(hmac_sha256(config.hs256_secret, token));
    return token;
}

}  // namespace turnpike
