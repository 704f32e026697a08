#include "access/jwt_keys.h"

#include <gtest/gtest.h>

#include "access/jwt_testing.h"
#include "json/value.h"

namespace turnpike {
namespace {

using testing::jwks_of;
using testing::SigningKey;

Result<KeySet> from_jwks(const std::string& jwks) {
    JwtConfig config;
    config.jwks = jwks;
    return KeySet::make(config);
}

TEST(KeySet, SecretNeedsThirtyTwoBytes) {
    JwtConfig config;
    config.hs256_secret = std::string(31, 's');
    const auto weak = KeySet::make(config);
    ASSERT_FALSE(weak);
    EXPECT_EQ(weak.error().reason.text(), "access.jwt_config_invalid");
    config.hs256_secret += 's';
    EXPECT_TRUE(KeySet::make(config));
    config.hs256_secret.clear();
    config.hs256_kid = "k1";
    EXPECT_FALSE(KeySet::make(config));
}

TEST(KeySet, BrokenJwksAreNamedForDoctor) {
    const auto good = SigningKey::make(JwtAlgorithm::Es256).jwk("a");
    auto off_curve = good, no_kty = good, private_key = good, short_x = good;
    off_curve["y"] = good["x"];
    no_kty.erase("kty");
    private_key["d"] = "AAAA";
    short_x["x"] = "AAAA";
    auto second = SigningKey::make(JwtAlgorithm::EdDsa).jwk("a");
    auto no_kid = good;
    no_kid.erase("kid");
    const std::pair<std::string, std::string> cases[] = {
        {"{", "the document"},
        {"[]", "has no array"},
        {"{}", "has no array"},
        {R"({"keys":{}})", "has no array"},
        {R"({"keys":[]})", "holds no key to verify with"},
        {R"({"keys":[7]})", "key 1: is not an object"},
        {jwks_of({no_kty}), "key 1 (a): has no kty"},
        {jwks_of({off_curve}), "key 1 (a): is not a valid EC public key"},
        {jwks_of({short_x}), "key 1 (a): is not a valid EC public key"},
        {jwks_of({private_key}), "key 1 (a): is a private key"},
        {R"({"keys":[{"kty":"oct","kid":"s","k":"AAAA"}]})", "key 1 (s): is symmetric"},
        {R"({"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]})", "key 1: is not a valid RSA"},
        {R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA"}]})", "key 1: is not a valid OKP"},
        {jwks_of({good, second}), "key 2 (a): has the kid of another key"},
        {jwks_of({no_kid, no_kid}), "key 2: needs a kid"},
    };
    for (const auto& [jwks, message] : cases) {
        SCOPED_TRACE(jwks);
        const auto keys = from_jwks(jwks);
        ASSERT_FALSE(keys);
        EXPECT_EQ(keys.error().reason.text(), "access.jwks_invalid");
        EXPECT_NE(keys.error().message.find(message), std::string::npos) << keys.error().message;
    }
}

TEST(KeySet, RsaExponentOneIsRefused) {
    auto rsa = SigningKey::make(JwtAlgorithm::Rs256).jwk("a");
    ASSERT_TRUE(from_jwks(jwks_of({rsa})));
    rsa["e"] = "AQ";
    EXPECT_FALSE(from_jwks(jwks_of({rsa})));
}

TEST(KeySet, KeysForOtherUsesAreLeftOutWithANote) {
    const auto good = SigningKey::make(JwtAlgorithm::Rs256).jwk("a");
    auto for_encryption = good, other_alg = good, for_signing = good;
    for_encryption["kid"] = "b";
    for_encryption["use"] = "enc";
    other_alg["kid"] = "c";
    other_alg["alg"] = "PS256";
    for_signing["kid"] = "d";
    for_signing["key_ops"] = Json::array({"sign"});
    const auto keys = from_jwks(jwks_of({good, for_encryption, other_alg, for_signing}));
    ASSERT_TRUE(keys) << keys.error().message;
    EXPECT_EQ(keys->notes().size(), 3U);
    EXPECT_NE(keys->find("a"), nullptr);
    for (const auto* kid : {"b", "c", "d", ""}) EXPECT_EQ(keys->find(kid), nullptr) << kid;
}

}  // namespace
}  // namespace turnpike
