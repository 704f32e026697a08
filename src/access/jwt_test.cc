#include "access/jwt.h"

#include <gtest/gtest.h>

#include "access/jwt_testing.h"
#include "base/encoding.h"

namespace turnpike {
namespace {

using namespace std::chrono_literals;
using testing::hs256_token;
using testing::jwks_of;
using testing::signed_token;
using testing::SigningKey;

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";
const Instant kNow = from_unix_seconds(1'700'000'000);

KeySet secret_keys(const std::string& issuer = "", const std::string& audience = "") {
    JwtConfig config;
    config.hs256_secret = kSecret;
    config.issuer = issuer;
    config.audience = audience;
    return std::move(*KeySet::make(config));
}

std::string reason_of(const Result<Claims>& result) {
    return result ? "accepted" : std::string(result.error().reason.text());
}

TEST(Jwt, MintedTokenIsReadBack) {
    JwtConfig config;
    config.hs256_secret = kSecret;
    config.issuer = "https://id.example";
    config.audience = "turnpike";
    const auto keys = KeySet::make(config);
    ASSERT_TRUE(keys);
    const Claims claims{"auth0|alice", Role::Admin, "alice@example.com", kNow, kNow + 15min};
    const auto token = mint_hs256(config, claims);
    ASSERT_TRUE(token);
    const auto read = verify(*keys, *token, kNow);
    ASSERT_TRUE(read) << read.error().reason.text();
    EXPECT_EQ(read->subject, "auth0|alice");
    EXPECT_EQ(read->role, Role::Admin);
    EXPECT_EQ(read->email, "alice@example.com");
    EXPECT_EQ(read->issued_at, kNow);
    EXPECT_EQ(read->expires_at, kNow + 15min);
}

TEST(Jwt, EveryAlgorithmVerifiesItsOwnKeyOnly) {
    const auto rsa = SigningKey::make(JwtAlgorithm::Rs256);
    const auto ec = SigningKey::make(JwtAlgorithm::Es256);
    const auto ed = SigningKey::make(JwtAlgorithm::EdDsa);
    JwtConfig config;
    config.hs256_secret = kSecret;
    config.jwks = jwks_of({rsa.jwk("rsa"), ec.jwk("ec"), ed.jwk("ed")});
    const auto keys = KeySet::make(config);
    ASSERT_TRUE(keys) << keys.error().message;

    struct Named {
        const char *kid, *alg;
        const SigningKey& key;
    };
    const Named all[] = {{"rsa", "RS256", rsa}, {"ec", "ES256", ec}, {"ed", "EdDSA", ed}};
    const std::string payload = R"({"sub":"alice","exp":1700000600})";
    for (const Named& named : all) {
        for (const Named& signer : all) {
            SCOPED_TRACE(std::string(named.kid) + " signed by " + signer.kid);
            const auto header =
                std::string(R"({"alg":")") + signer.alg + R"(","kid":")" + named.kid + R"("})";
            const auto claims = verify(*keys, signed_token(signer.key, header, payload), kNow);
            EXPECT_EQ(reason_of(claims),
                      named.kid == signer.kid ? "accepted" : "access.token_signature");
        }
    }
}

TEST(Jwt, EcSignaturesVerifyWhateverTheLengthOfTheirHalves) {
    const auto ec = SigningKey::make(JwtAlgorithm::Es256);
    JwtConfig config;
    config.jwks = jwks_of({ec.jwk("ec")});
    const auto keys = KeySet::make(config);
    ASSERT_TRUE(keys);
    for (int i = 0; i < 300; ++i) {  // one half in 256 begins with a zero byte
        const auto payload = R"({"sub":"u)" + std::to_string(i) + R"(","exp":1700000600})";
        const auto token = signed_token(ec, R"({"alg":"ES256","kid":"ec"})", payload);
        ASSERT_EQ(reason_of(verify(*keys, token, kNow)), "accepted") << i;
    }
}

TEST(Jwt, TokenWithoutKidMeansTheSecretOrTheOnlyKey) {
    const auto ec = SigningKey::make(JwtAlgorithm::Es256);
    const auto ed = SigningKey::make(JwtAlgorithm::EdDsa);
    const std::string payload = R"({"sub":"alice","exp":1700000600})";
    const auto token = signed_token(ec, R"({"alg":"ES256"})", payload);

    JwtConfig one;
    one.jwks = jwks_of({ec.jwk("ec")});
    EXPECT_EQ(reason_of(verify(*KeySet::make(one), token, kNow)), "accepted");
    JwtConfig two;
    two.jwks = jwks_of({ec.jwk("ec"), ed.jwk("ed")});
    EXPECT_EQ(reason_of(verify(*KeySet::make(two), token, kNow)), "access.token_signature");
    JwtConfig both = one;
    both.hs256_secret = kSecret;
    EXPECT_EQ(reason_of(verify(*KeySet::make(both), token, kNow)), "access.token_signature");
}

struct TimeCase {
    const char* name;
    const char* payload;
    const char* expected;
};

TEST(Jwt, TimesHaveSixtySecondsOfLeeway) {
    const TimeCase cases[] = {
        {"expired for 59 s", R"({"sub":"a","exp":1699999941})", "accepted"},
        {"expired for 60 s", R"({"sub":"a","exp":1699999940})", "access.token_expired"},
        {"expired long ago", R"({"sub":"a","exp":0})", "access.token_expired"},
        {"nbf in 60 s", R"({"sub":"a","exp":1700000600,"nbf":1700000060})", "accepted"},
        {"nbf in 61 s", R"({"sub":"a","exp":1700000600,"nbf":1700000061})",
         "access.token_not_yet_valid"},
        {"iat in 60 s", R"({"sub":"a","exp":1700000600,"iat":1700000060})", "accepted"},
        {"iat in 61 s", R"({"sub":"a","exp":1700000600,"iat":1700000061})",
         "access.token_not_yet_valid"},
        {"end of time", R"({"sub":"a","exp":253402300799})", "accepted"},
        {"after the end of time", R"({"sub":"a","exp":253402300800})", "access.token_claims"},
        {"2^64 - 1", R"({"sub":"a","exp":18446744073709551615})", "access.token_claims"},
        {"negative", R"({"sub":"a","exp":-1})", "access.token_claims"},
        {"fraction", R"({"sub":"a","exp":1700000600.5})", "access.token_claims"},
        {"text", R"({"sub":"a","exp":"1700000600"})", "access.token_claims"},
        {"null", R"({"sub":"a","exp":null})", "access.token_claims"},
        {"no exp", R"({"sub":"a"})", "access.token_claims"},
        {"nbf text", R"({"sub":"a","exp":1700000600,"nbf":"x"})", "access.token_claims"},
        {"iat text", R"({"sub":"a","exp":1700000600,"iat":true})", "access.token_claims"},
    };
    const auto keys = secret_keys();
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto token = hs256_token(kSecret, R"({"alg":"HS256","typ":"JWT"})", c.payload);
        EXPECT_EQ(reason_of(verify(keys, token, kNow)), c.expected);
    }
}

TEST(Jwt, IssuerAndAudienceAreCheckedWhenConfigured) {
    const TimeCase cases[] = {
        {"both", R"({"sub":"a","exp":1700000600,"iss":"I","aud":"A"})", "accepted"},
        {"aud list", R"({"sub":"a","exp":1700000600,"iss":"I","aud":["B","A"]})", "accepted"},
        {"no iss", R"({"sub":"a","exp":1700000600,"aud":"A"})", "access.token_claims"},
        {"other iss", R"({"sub":"a","exp":1700000600,"iss":"J","aud":"A"})", "access.token_claims"},
        {"iss list", R"({"sub":"a","exp":1700000600,"iss":["I"],"aud":"A"})",
         "access.token_claims"},
        {"no aud", R"({"sub":"a","exp":1700000600,"iss":"I"})", "access.token_claims"},
        {"other aud", R"({"sub":"a","exp":1700000600,"iss":"I","aud":"AB"})",
         "access.token_claims"},
        {"other aud list", R"({"sub":"a","exp":1700000600,"iss":"I","aud":["B",1]})",
         "access.token_claims"},
    };
    const auto keys = secret_keys("I", "A");
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const auto token = hs256_token(kSecret, R"({"alg":"HS256"})", c.payload);
        EXPECT_EQ(reason_of(verify(keys, token, kNow)), c.expected);
    }
}

TEST(Jwt, SaysWhatIsWrongOnceTheSignatureHolds) {
    const struct {
        const char* payload;
        const char* message;
    } cases[] = {
        {R"({"sub":"a","exp":1699999940,"iss":"I","aud":"A"})",
         "the bearer token expired at 2023-11-14T22:12:20Z"},
        {R"({"sub":"a","exp":1700000600,"nbf":1700000061,"iss":"I","aud":"A"})",
         "the bearer token is not valid before 2023-11-14T22:14:21Z (nbf)"},
        {R"({"sub":"a","exp":1700000600,"iat":1700000061,"iss":"I","aud":"A"})",
         "the bearer token is not valid before 2023-11-14T22:14:21Z (iat)"},
        {R"({"sub":"a","iss":"I","aud":"A"})", "the bearer token lacks the claim exp"},
        {R"({"exp":1700000600,"iss":"I","aud":"A"})", "the bearer token lacks the claim sub"},
        {R"({"sub":"a","exp":1700000600,"aud":"A"})", "the bearer token lacks the claim iss"},
        {R"({"sub":"a","exp":1700000600,"iss":"I"})", "the bearer token lacks the claim aud"},
        {R"({"sub":"a","exp":1700000600,"iss":"J","aud":"A"})",
         "the bearer token is from another issuer (iss)"},
        {R"({"sub":"a","exp":1700000600,"iss":"I","aud":"B"})",
         "the bearer token is for another audience (aud)"},
        {R"({"sub":"a","exp":1.5,"iss":"I","aud":"A"})",
         "the bearer token has an exp that is not whole seconds"},
        {R"({"sub":"a","role":"root","exp":1700000600,"iss":"I","aud":"A"})",
         "the bearer token has a role other than user and admin"},
    };
    const auto keys = secret_keys("I", "A");
    for (const auto& c : cases) {
        SCOPED_TRACE(c.payload);
        const auto good = hs256_token(kSecret, R"({"alg":"HS256"})", c.payload);
        const auto claims = verify(keys, good, kNow);
        ASSERT_FALSE(claims);
        EXPECT_EQ(claims.error().message, c.message);
        // Without the signature nobody learns any of it.
        const auto forged =
            hs256_token("another secret of thirty-two bytes", R"({"alg":"HS256"})", c.payload);
        EXPECT_EQ(verify(keys, forged, kNow).error().message, "the bearer token is not valid");
    }
}

TEST(Jwt, SubjectRoleAndEmailAreBounded) {
    const std::string long_sub(128, 's'), longer_sub(129, 's');
    const auto with = [](const std::string& members) {
        return R"({"exp":1700000600,)" + members + "}";
    };
    struct Case {
        std::string payload;
        const char* expected;
    };
    const Case cases[] = {
        {with(R"("sub":")" + long_sub + '"'), "accepted"},
        {with(R"("sub":")" + longer_sub + '"'), "access.token_claims"},
        {with(R"("sub":"")"), "access.token_claims"},
        {with(R"("sub":7)"), "access.token_claims"},
        {with(R"("sub":"a\nb")"), "access.token_claims"},
        {with(R"("sub":"a\u0000")"), "access.token_malformed"},
        {with(R"("sub":"\u00e9")"), "access.token_claims"},
        {with(R"("name":"no sub")"), "access.token_claims"},
        {with(R"("sub":"a","role":"user")"), "accepted"},
        {with(R"("sub":"a","role":"admin")"), "accepted"},
        {with(R"("sub":"a","role":"Admin")"), "access.token_claims"},
        {with(R"("sub":"a","role":["admin"])"), "access.token_claims"},
        {with(R"("sub":"a","role":null)"), "access.token_claims"},
        {with(R"("sub":"a","email":"m\u00fcller@example.com")"), "accepted"},
        {with(R"("sub":"a","email":null)"), "accepted"},
        {with(R"("sub":"a","email":"a\r\nb")"), "access.token_claims"},
        {with(R"("sub":"a","email":["x"])"), "access.token_claims"},
    };
    const auto keys = secret_keys();
    for (const auto& c : cases) {
        SCOPED_TRACE(c.payload);
        const auto claims =
            verify(keys, hs256_token(kSecret, R"({"alg":"HS256"})", c.payload), kNow);
        EXPECT_EQ(reason_of(claims), c.expected);
        const bool admin = c.payload.contains(R"("role":"admin")");
        if (claims) EXPECT_EQ(claims->role, admin ? Role::Admin : Role::User);
    }
}

TEST(Jwt, MintingNeedsASecret) {
    const auto token = mint_hs256({}, {"a", Role::User, {}, {}, kNow});
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().reason.text(), "access.no_secret");
}

}  // namespace
}  // namespace turnpike
