#include "access/jwk.h"

#include <array>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/encoding.h"
#include "json/value.h"

namespace turnpike {
namespace {

using PublicKey = std::unique_ptr<evp_pkey_st, FreePublicKey>;

struct Free {
    void operator()(BIGNUM* number) const { BN_free(number); }
    void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
    void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

constexpr std::size_t kCoordinateBytes = 32;
constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

/// nullptr unless OpenSSL accepts the numbers as a public key of this type.
PublicKey key_from(const char* type, OSSL_PARAM_BLD* builder) {
    const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(builder));
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* raw = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
        return nullptr;
    PublicKey key(raw);
    const Owned<EVP_PKEY_CTX> checker(EVP_PKEY_CTX_new_from_pkey(nullptr, raw, nullptr));
    if (!checker || EVP_PKEY_public_check(checker.get()) != 1) return nullptr;
    return key;
}

PublicKey rsa_key(std::string_view modulus, std::string_view exponent) {
    const Owned<BIGNUM> n(BN_bin2bn(bytes_of(modulus), static_cast<int>(modulus.size()), nullptr));
    const Owned<BIGNUM> e(
        BN_bin2bn(bytes_of(exponent), static_cast<int>(exponent.size()), nullptr));
    const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    if (!n || !e || !builder || BN_num_bits(n.get()) < kRsaBitsMin ||
        BN_num_bits(n.get()) > kRsaBitsMax || !BN_is_odd(e.get()) || BN_is_one(e.get()))
        return nullptr;
    if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
        return nullptr;
    return key_from("RSA", builder.get());
}

PublicKey p256_key(std::string_view x, std::string_view y) {
    if (x.size() != kCoordinateBytes || y.size() != kCoordinateBytes) return nullptr;
    const std::string point = '\x04' + std::string(x) + std::string(y);
    const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    if (!builder ||
        OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1",
                                        0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                         point.size()) != 1)
        return nullptr;
    return key_from("EC", builder.get());
}

PublicKey ed25519_key(std::string_view x) {
    if (x.size() != kCoordinateBytes) return nullptr;
    return PublicKey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x), x.size()));
}

/// Empty when absent or not a text.
std::string text_member(const Json& jwk, const char* name) {
    const auto found = jwk.find(name);
    return found != jwk.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Empty (which no key accepts) when absent or not canonical base64url.
std::string bytes_member(const Json& jwk, const char* name) {
    return from_base64url(text_member(jwk, name)).value_or("");
}

bool is_for_signatures(const Json& jwk) {
    const auto use = text_member(jwk, "use");
    if (!use.empty() && use != "sig") return false;
    const auto operations = jwk.find("key_ops");
    if (operations == jwk.end() || !operations->is_array()) return true;
    for (const auto& operation : *operations)
        if (operation == "verify") return true;
    return false;
}

struct Family {
    std::string_view kty, crv;
    JwtAlgorithm algorithm;
};
constexpr auto kFamilies = std::to_array<Family>({
    {"RSA", "", JwtAlgorithm::Rs256},
    {"EC", "P-256", JwtAlgorithm::Es256},
    {"OKP", "Ed25519", JwtAlgorithm::EdDsa},
});

PublicKey public_key_of(const Json& jwk, JwtAlgorithm algorithm) {
    switch (algorithm) {
        case JwtAlgorithm::Rs256: return rsa_key(bytes_member(jwk, "n"), bytes_member(jwk, "e"));
        case JwtAlgorithm::Es256: return p256_key(bytes_member(jwk, "x"), bytes_member(jwk, "y"));
        case JwtAlgorithm::EdDsa: return ed25519_key(bytes_member(jwk, "x"));
        case JwtAlgorithm::Hs256: return nullptr;
    }
    return nullptr;
}

}  // namespace

std::unexpected<Error> jwks_invalid(std::string_view where, std::string_view what) {
    return invalid_argument("access.jwks_invalid",
                            "JWKS: " + std::string(where) + ": " + std::string(what));
}

Result<ReadJwk> read_jwk(const Json& jwk, std::string_view where) {
    if (!jwk.is_object()) return jwks_invalid(where, "is not an object");
    const auto kty = text_member(jwk, "kty");
    if (kty.empty()) return jwks_invalid(where, "has no kty");
    if (kty == "oct")
        return jwks_invalid(where, "is symmetric; a shared secret is configured on its own");
    if (jwk.contains("d"))
        return jwks_invalid(where, "is a private key; keep only its public members");
    if (!is_for_signatures(jwk)) return SkippedJwk{"is not for signatures"};

    const auto crv = text_member(jwk, "crv");
    const auto alg = text_member(jwk, "alg");
    for (const Family& family : kFamilies) {
        if (kty != family.kty || crv != family.crv) continue;
        if (!alg.empty() && alg != to_text(family.algorithm)) continue;
        auto key = public_key_of(jwk, family.algorithm);
        if (!key) return jwks_invalid(where, "is not a valid " + kty + " public key");
        return JwtKey{family.algorithm, {}, std::move(key)};
    }
    return SkippedJwk{"is of a kind that is not verified here (" + kty + " " + crv + " " + alg +
                      ")"};
}

}  // namespace turnpike
