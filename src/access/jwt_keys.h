#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "json/json.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace turnpike {

enum class JwtAlgorithm : std::uint8_t { Hs256, Rs256, Es256, EdDsa };
std::string_view to_text(JwtAlgorithm algorithm);  ///< "HS256", "EdDSA"

/// How users' tokens are checked. Empty texts mean "not configured".
struct JwtConfig {
    std::string hs256_secret;  ///< at least 32 bytes (RFC 7518, 3.2)
    std::string hs256_kid;     ///< set it when the issuer writes a kid into its HS256 tokens
    /// Text of a JWK set (RFC 7517); public keys only. Absent: none.
    std::optional<std::string> jwks;
    std::string issuer;    ///< required value of iss
    std::string audience;  ///< must be among aud
};

struct FreePublicKey {
    void operator()(evp_pkey_st* key) const;
};

/// One trusted key. Its algorithm comes from the key, never from a token (RFC 8725, 3.1).
struct JwtKey {
    JwtAlgorithm algorithm = JwtAlgorithm::Hs256;
    std::string secret;                                      ///< Hs256
    std::unique_ptr<evp_pkey_st, FreePublicKey> public_key;  ///< all others
};

/// True when `signature` (raw bytes; ES256: r || s) is the key's over `message`.
bool signature_holds(const JwtKey& key, std::string_view message, std::string_view signature);

/// The keys that tokens may be signed with. Immutable; thread-safe.
class KeySet {
public:
    /// Keys for encryption, or of kinds we do not verify (PS256, P-384, ...), are left out with a
    /// note, as RFC 7517, 5 asks.
    ///
    /// Errors: InvalidArgument "access.jwt_config_invalid" (secret too short, kid without secret);
    ///         InvalidArgument "access.jwks_invalid", naming the key and what is wrong with it.
    static Result<KeySet> make(const JwtConfig& config);

    /// A token with a kid means exactly that key. Without one it means the secret, or the only key
    /// of the set. nullptr when there is no such key.
    [[nodiscard]] const JwtKey* find(const std::optional<std::string>& kid) const;
    [[nodiscard]] bool empty() const { return keys_.empty(); }
    [[nodiscard]] const std::string& issuer() const { return issuer_; }
    [[nodiscard]] const std::string& audience() const { return audience_; }
    /// What was left out, and why; for `turnpike doctor`.
    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

private:
    KeySet() = default;
    Result<void> add_secret(const JwtConfig& config);
    Result<void> add_jwks(std::string_view text);
    Result<void> add_jwk(const Json& jwk, std::size_t position);

    std::map<std::string, JwtKey, std::less<>> keys_;  ///< by kid; "" has none
    std::string issuer_, audience_;
    std::vector<std::string> notes_;
};

}  // namespace turnpike
