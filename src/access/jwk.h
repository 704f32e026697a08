#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "access/jwt_keys.h"

namespace turnpike {

/// A JWK that we can use, or why it is left out.
struct SkippedJwk {
    std::string why;
};
using ReadJwk = std::variant<JwtKey, SkippedJwk>;

/// Reads one public key (RFC 7517, RFC 7518 section 6, RFC 8037): RSA of 2048 to 8192 bits for
/// RS256, EC P-256 for ES256, OKP Ed25519 for EdDSA. `where` names the key in messages.
///
/// Errors: InvalidArgument "access.jwks_invalid": malformed, private, symmetric, or not a point.
Result<ReadJwk> read_jwk(const Json& jwk, std::string_view where);
/// The same reason for what is wrong with the set as a whole.
std::unexpected<Error> jwks_invalid(std::string_view where, std::string_view what);

}  // namespace turnpike
