#include "access/jwt.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "base/letter_case.h"
#include "crypto/crypto.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::size_t kSubjectBytesMax = 128;
constexpr std::size_t kEmailBytesMax = 254;
constexpr std::int64_t kSecondsMax = 253'402'300'799;  // the end of year 9999
constexpr auto kRefusedHeaders =
    std::to_array({"jku", "x5u", "jwk", "x5c", "crit", "b64", "zip", "cty"});

/// Until the signature holds, everything is one message: who guesses learns nothing.
std::unexpected<Error> refused(Reason reason) {
    return fail(ErrorCode::Unauthenticated, reason, "the bearer token is not valid");
}
std::unexpected<Error> malformed() { return refused("access.token_malformed"); }

/// What follows is told to who holds a token that one of our issuers signed.
std::unexpected<Error> bad_claims(const std::string& what) {
    return fail(ErrorCode::Unauthenticated, "access.token_claims", "the bearer token " + what);
}
std::unexpected<Error> missing_claim(const std::string& name) {
    return bad_claims("lacks the claim " + name);
}
std::unexpected<Error> expired(Instant at) {
    return fail(ErrorCode::Unauthenticated, "access.token_expired",
                "the bearer token expired at " + format_rfc3339(at));
}
std::unexpected<Error> not_yet_valid(const std::string& claim, Instant from) {
    return fail(
        ErrorCode::Unauthenticated, "access.token_not_yet_valid",
        "the bearer token is not valid before " + format_rfc3339(from) + " (" + claim + ")");
}

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

Result<std::string> read_subject(const Json& json) {
    const auto found = json.find("sub");
    if (found == json.end()) return missing_claim("sub");
    const auto subject = found->is_string() ? found->get<std::string>() : std::string();
    if (subject.empty() || subject.size() > kSubjectBytesMax || !is_printable(subject))
        return bad_claims("has a sub that is not 1 to 128 printable ASCII characters");
    return subject;
}

Result<std::optional<std::string>> read_email(const Json& json) {
    const auto found = json.find("email");
    if (found == json.end() || found->is_null()) return std::optional<std::string>();
    const auto email = found->is_string() ? found->get<std::string>() : std::string();
    if (email.empty() || email.size() > kEmailBytesMax || has_control_character(email))
        return bad_claims("has an email that is not 1 to 254 bytes of text");
    return std::optional(email);
}

Result<Claims> read_identity(const Json& json) {
    Claims claims;
    auto subject = read_subject(json);
    if (!subject) return failure(std::move(subject));
    claims.subject = *std::move(subject);

    const auto role = read_role(json);
    if (!role) return bad_claims("has a role other than user and admin");
    claims.role = *role;

    auto email = read_email(json);
    if (!email) return failure(std::move(email));
    claims.email = *std::move(email);
    return claims;
}

/// Fills in the times of a token that is valid now.
Result<void> read_times(const Json& json, Instant now, Claims& claims) {
    const auto expires = read_date(json, "exp");
    const auto not_before = read_date(json, "nbf");
    const auto issued = read_date(json, "iat");
    for (const auto& [name, date] :
         {std::pair{"exp", expires}, {"nbf", not_before}, {"iat", issued}})
        if (!date) return bad_claims(std::string("has an ") + name + " that is not whole seconds");
    if (!*expires) return missing_claim("exp");
    if (now >= **expires + kTokenLeeway) return expired(**expires);
    if (*not_before && now + kTokenLeeway < **not_before) return not_yet_valid("nbf", **not_before);
    if (*issued && now + kTokenLeeway < **issued) return not_yet_valid("iat", **issued);
    claims.issued_at = *issued;
    claims.expires_at = **expires;
    return {};
}

Result<void> check_addressed(const KeySet& keys, const Json& json) {
    const bool wants_issuer = !keys.issuer().empty(), wants_audience = !keys.audience().empty();
    if (wants_issuer && !json.contains("iss")) return missing_claim("iss");
    if (wants_issuer && !text_equals(json, "iss", keys.issuer()))
        return bad_claims("is from another issuer (iss)");
    if (wants_audience && !json.contains("aud")) return missing_claim("aud");
    if (wants_audience && !audience_includes(json, keys.audience()))
        return bad_claims("is for another audience (aud)");
    return {};
}

Result<Claims> read_claims(const KeySet& keys, std::string_view part, Instant now) {
    const auto json = read_object(part);
    if (!json) return malformed();
    auto claims = read_identity(*json);
    if (!claims) return failure(std::move(claims));
    if (auto addressed = check_addressed(keys, *json); !addressed)
        return failure(std::move(addressed));
    if (auto timely = read_times(*json, now, *claims); !timely) return failure(std::move(timely));
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
