#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/evp.h>

#include "access/jwt.h"
#include "json/value.h"

namespace turnpike::testing {

/// A private key made for one test, and what a JWKS says of it.
class SigningKey {
public:
    static SigningKey make(JwtAlgorithm algorithm);

    /// Raw JWS signature bytes: ES256 as r || s.
    [[nodiscard]] std::string sign(std::string_view message) const;
    /// The public half, with a kid and alg.
    [[nodiscard]] Json jwk(const std::string& kid) const;
    /// The public key as PEM, which attackers use as an HS256 secret.
    [[nodiscard]] std::string public_pem() const;

private:
    struct Free {
        void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    };
    SigningKey(JwtAlgorithm algorithm, EVP_PKEY* key) : algorithm_(algorithm), key_(key) {}
    JwtAlgorithm algorithm_;
    std::unique_ptr<EVP_PKEY, Free> key_;
};

std::string jwks_of(std::initializer_list<Json> keys);

/// base64url(header) . base64url(payload)
std::string unsigned_token(std::string_view header, std::string_view payload);
std::string hs256_token(std::string_view secret, std::string_view header, std::string_view payload);
std::string signed_token(const SigningKey& key, std::string_view header, std::string_view payload);

}  // namespace turnpike::testing
