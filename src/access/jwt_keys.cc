#include "access/jwt_keys.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "access/jwk.h"
#include "base/check.h"
#include "crypto/crypto.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::size_t kSecretBytesMin = 32;
constexpr std::size_t kKidBytesMax = 128;
constexpr std::size_t kJwksBytesMax = std::size_t{1} << 20;
constexpr std::size_t kHalfBytes = 32;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

bool digest_verify(const JwtKey& key, const EVP_MD* digest, std::string_view message,
                   std::string_view signature) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    return context &&
           EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key.public_key.get()) ==
               1 &&
           EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message),
                            message.size()) == 1;
}

/// JWS has r || s (RFC 7518, 3.4), OpenSSL wants DER. Empty for a zero half or a wrong length.
std::string der_of(std::string_view signature) {
    if (signature.size() != 2 * kHalfBytes) return {};
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(ECDSA_SIG_new(),
                                                                     &ECDSA_SIG_free);
    BIGNUM* r = BN_bin2bn(bytes_of(signature), kHalfBytes, nullptr);
    BIGNUM* s = BN_bin2bn(bytes_of(signature.substr(kHalfBytes)), kHalfBytes, nullptr);
    const bool usable = pair && r != nullptr && s != nullptr && !BN_is_zero(r) && !BN_is_zero(s);
    if (!usable || ECDSA_SIG_set0(pair.get(), r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return {};
    }
    std::string der(static_cast<std::size_t>(i2d_ECDSA_SIG(pair.get(), nullptr)), '\0');
    auto* at = reinterpret_cast<unsigned char*>(der.data());
    i2d_ECDSA_SIG(pair.get(), &at);
    return der;
}

}  // namespace

std::string_view to_text(JwtAlgorithm algorithm) {
    switch (algorithm) {
        case JwtAlgorithm::Hs256: return "HS256";
        case JwtAlgorithm::Rs256: return "RS256";
        case JwtAlgorithm::Es256: return "ES256";
        case JwtAlgorithm::EdDsa: return "EdDSA";
    }
    check(false, "every algorithm has a text");
    return {};
}

void FreePublicKey::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

bool signature_holds(const JwtKey& key, std::string_view message, std::string_view signature) {
    switch (key.algorithm) {
        case JwtAlgorithm::Hs256:
            return equal_constant_time(hmac_sha256(key.secret, message), signature);
        case JwtAlgorithm::Rs256: return digest_verify(key, EVP_sha256(), message, signature);
        case JwtAlgorithm::Es256: {
            const std::string der = der_of(signature);
            return !der.empty() && digest_verify(key, EVP_sha256(), message, der);
        }
        case JwtAlgorithm::EdDsa: return digest_verify(key, nullptr, message, signature);
    }
    return false;
}

Result<KeySet> KeySet::make(const JwtConfig& config) {
    KeySet set;
    set.issuer_ = config.issuer;
    set.audience_ = config.audience;
    if (const auto added = set.add_secret(config); !added) return failure(added);
    if (config.jwks)
        if (const auto added = set.add_jwks(*config.jwks); !added) return failure(added);
    return set;
}

Result<void> KeySet::add_secret(const JwtConfig& config) {
    const auto& secret = config.hs256_secret;
    if (secret.empty() && config.hs256_kid.empty()) return {};
    if (secret.size() < kSecretBytesMin || config.hs256_kid.size() > kKidBytesMax)
        return invalid_argument("access.jwt_config_invalid",
                                "the HS256 secret needs at least 32 bytes (openssl rand -base64 "
                                "32), and its kid has at most 128");
    keys_.emplace("", JwtKey{JwtAlgorithm::Hs256, secret, nullptr});
    if (!config.hs256_kid.empty())
        keys_.emplace(config.hs256_kid, JwtKey{JwtAlgorithm::Hs256, secret, nullptr});
    return {};
}

Result<void> KeySet::add_jwks(std::string_view text) {
    const auto document = parse_json(text, {.depth_max = 8, .bytes_max = kJwksBytesMax});
    if (!document) return jwks_invalid("the document", document.error().message);
    const auto keys = document->is_object() ? document->find("keys") : document->end();
    if (keys == document->end() || !keys->is_array())
        return jwks_invalid("the document", "has no array \"keys\"");

    const std::size_t before = keys_.size();
    for (std::size_t i = 0; i < keys->size(); ++i)
        if (const auto added = add_jwk((*keys)[i], i); !added) return failure(added);
    if (keys_.size() == before) return jwks_invalid("the document", "holds no key to verify with");
    return {};
}

Result<void> KeySet::add_jwk(const Json& jwk, std::size_t position) {
    std::string kid;
    if (jwk.is_object() && jwk.contains("kid") && jwk["kid"].is_string())
        kid = jwk["kid"].get<std::string>();
    std::string where = "key " + std::to_string(position + 1);
    if (kid.size() > kKidBytesMax) return jwks_invalid(where, "has a kid of over 128 bytes");
    if (!kid.empty()) where += " (" + kid + ")";

    auto read = read_jwk(jwk, where);
    if (!read) return failure(read);
    if (const auto* skipped = std::get_if<SkippedJwk>(&*read)) {
        notes_.push_back(where + " " + skipped->why);
        return {};
    }
    if (!keys_.emplace(kid, std::get<JwtKey>(std::move(*read))).second)
        return jwks_invalid(where, kid.empty() ? "needs a kid, because it is not the only key"
                                               : "has the kid of another key");
    return {};
}

const JwtKey* KeySet::find(const std::optional<std::string>& kid) const {
    const auto named = keys_.find(kid.value_or(""));
    if (named != keys_.end() && (!kid || !kid->empty())) return &named->second;
    if (!kid && keys_.size() == 1) return &keys_.begin()->second;
    return nullptr;
}

}  // namespace turnpike
