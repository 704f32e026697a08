#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "access/jwt_keys.h"
#include "base/error.h"
#include "base/time.h"

namespace turnpike {

inline constexpr std::size_t kTokenBytesMax = std::size_t{8} << 10;
inline constexpr std::chrono::seconds kTokenLeeway{60};

enum class Role : std::uint8_t { User, Admin };

/// What we believe of a token after its signature held.
struct Claims {
    std::string subject;  ///< 1 to 128 printable ASCII characters
    Role role = Role::User;
    std::optional<std::string> email;
    std::optional<Instant> issued_at;
    Instant expires_at;
};

/// Verifies a compact JWS as RFC 7515, 7519 and 8725 ask, and reads its claims.
///
/// Refused: anything but three canonical base64url parts, over 8 KiB, repeated members, header
/// members that name other keys or change the rules (jku, x5u, jwk, x5c, crit, b64, zip, cty), an
/// algorithm that is not the key's, no exp, a NumericDate that is not a whole number of seconds.
/// exp, nbf and iat have 60 s of leeway. `role` is "admin", "user" or absent.
///
/// Errors, all Unauthenticated: "access.token_malformed" and "access.token_signature" (also: no
/// such key) with one message, since nobody has shown yet that we should tell him more; then
/// "access.token_claims", "access.token_expired" and "access.token_not_yet_valid", which say what
/// is missing or wrong.
Result<Claims> verify(const KeySet& keys, std::string_view token, Instant now);

/// A token that the same configuration accepts; for `turnpike token` and tests.
///
/// Errors: InvalidArgument "access.no_secret" when the configuration has no HS256 secret.
Result<std::string> mint_hs256(const JwtConfig& config, const Claims& claims);

}  // namespace turnpike
