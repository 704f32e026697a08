#include "access/jwt_testing.h"

#include <vector>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/crypto.h"

namespace turnpike::testing {
namespace {

std::string number_text(const EVP_PKEY* key, const char* name, int bytes) {
    BIGNUM* number = nullptr;
    check(EVP_PKEY_get_bn_param(key, name, &number) == 1, "the key has the number");
    const int length = bytes > 0 ? bytes : BN_num_bytes(number);
    std::vector<unsigned char> raw(static_cast<std::size_t>(length));
    BN_bn2binpad(number, raw.data(), length);
    BN_free(number);
    return to_base64url(std::string(raw.begin(), raw.end()));
}

std::string halves_of(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    check(pair != nullptr, "OpenSSL writes DER");
    std::vector<unsigned char> raw(64);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw.data() + 32, 32);
    ECDSA_SIG_free(pair);
    return {raw.begin(), raw.end()};
}

}  // namespace

SigningKey SigningKey::make(JwtAlgorithm algorithm) {
    EVP_PKEY* key = nullptr;
    if (algorithm == JwtAlgorithm::Rs256)
        key = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048});
    if (algorithm == JwtAlgorithm::Es256) key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    if (algorithm == JwtAlgorithm::EdDsa) key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    check(key != nullptr, "OpenSSL makes a key");
    return {algorithm, key};
}

std::string SigningKey::sign(std::string_view message) const {
    const EVP_MD* digest = algorithm_ == JwtAlgorithm::EdDsa ? nullptr : EVP_sha256();
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    check(EVP_DigestSignInit(context, nullptr, digest, nullptr, key_.get()) == 1, "signing starts");
    std::vector<unsigned char> raw(1024);
    std::size_t length = raw.size();
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    check(EVP_DigestSign(context, raw.data(), &length, bytes, message.size()) == 1, "it signs");
    EVP_MD_CTX_free(context);
    std::string signature(raw.begin(), raw.begin() + static_cast<std::ptrdiff_t>(length));
    return algorithm_ == JwtAlgorithm::Es256 ? halves_of(signature) : signature;
}

Json SigningKey::jwk(const std::string& kid) const {
    Json jwk;
    jwk["kid"] = kid;
    jwk["alg"] = to_text(algorithm_);
    jwk["use"] = "sig";
    if (algorithm_ == JwtAlgorithm::Rs256) {
        jwk["kty"] = "RSA";
        jwk["n"] = number_text(key_.get(), OSSL_PKEY_PARAM_RSA_N, 0);
        jwk["e"] = number_text(key_.get(), OSSL_PKEY_PARAM_RSA_E, 0);
    } else if (algorithm_ == JwtAlgorithm::Es256) {
        jwk["kty"] = "EC";
        jwk["crv"] = "P-256";
        jwk["x"] = number_text(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, 32);
        jwk["y"] = number_text(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, 32);
    } else {
        jwk["kty"] = "OKP";
        jwk["crv"] = "Ed25519";
        std::vector<unsigned char> raw(32);
        std::size_t length = raw.size();
        check(EVP_PKEY_get_raw_public_key(key_.get(), raw.data(), &length) == 1, "a raw key");
        jwk["x"] = to_base64url(std::string(raw.begin(), raw.end()));
    }
    return jwk;
}

std::string SigningKey::public_pem() const {
    BIO* memory = BIO_new(BIO_s_mem());
    check(PEM_write_bio_PUBKEY(memory, key_.get()) == 1, "a key writes itself");
    char* data = nullptr;
    const auto length = BIO_get_mem_data(memory, &data);
    std::string pem(data, static_cast<std::size_t>(length));
    BIO_free(memory);
    return pem;
}

std::string jwks_of(std::initializer_list<Json> keys) {
    Json document;
    document["keys"] = Json::array();
    for (const Json& key : keys) document["keys"].push_back(key);
    return to_text(document);
}

std::string unsigned_token(std::string_view header, std::string_view payload) {
    return to_base64url(header) + '.' + to_base64url(payload);
}

std::string hs256_token(std::string_view secret, std::string_view header,
                        std::string_view payload) {
    const auto text = unsigned_token(header, payload);
    return text + '.' + to_base64url(hmac_sha256(secret, text));
}

std::string signed_token(const SigningKey& key, std::string_view header, std::string_view payload) {
    const auto text = unsigned_token(header, payload);
    return text + '.' + to_base64url(key.sign(text));
}

}  // namespace turnpike::testing
