// What attackers send: RFC 8725 section 2 and the table in reliability.md, "JWT".

#include <gtest/gtest.h>

#include "access/jwt.h"
#include "access/jwt_testing.h"
#include "base/encoding.h"
#include "crypto/crypto.h"

namespace turnpike {
namespace {

using testing::hs256_token;
using testing::jwks_of;
using testing::signed_token;
using testing::SigningKey;
using testing::unsigned_token;

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";
constexpr std::string_view kGood = R"({"sub":"mallory","role":"admin","exp":1700000600})";
const Instant kNow = from_unix_seconds(1'700'000'000);

class HostileJwt : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        rsa_ = std::make_unique<SigningKey>(SigningKey::make(JwtAlgorithm::Rs256));
        ec_ = std::make_unique<SigningKey>(SigningKey::make(JwtAlgorithm::Es256));
    }
    static KeySet keys() {
        JwtConfig config;
        config.hs256_secret = kSecret;
        config.jwks = jwks_of({rsa_->jwk("rsa"), ec_->jwk("ec")});
        return std::move(*KeySet::make(config));
    }
    static std::string outcome(std::string_view token) {
        const auto claims = verify(keys(), token, kNow);
        if (claims) return "accepted";
        EXPECT_EQ(claims.error().code, ErrorCode::Unauthenticated);
        const std::string reason(claims.error().reason.text());
        // Who has not shown a signature of ours hears one message, whatever is wrong.
        if (reason == "access.token_signature" || reason == "access.token_malformed")
            EXPECT_EQ(claims.error().message, "the bearer token is not valid");
        return reason;
    }
    static std::unique_ptr<SigningKey> rsa_, ec_;
};
std::unique_ptr<SigningKey> HostileJwt::rsa_;
std::unique_ptr<SigningKey> HostileJwt::ec_;

TEST_F(HostileJwt, TheGoodOnesAreGood) {
    EXPECT_EQ(outcome(hs256_token(kSecret, R"({"alg":"HS256"})", kGood)), "accepted");
    EXPECT_EQ(outcome(signed_token(*rsa_, R"({"alg":"RS256","kid":"rsa"})", kGood)), "accepted");
    EXPECT_EQ(outcome(signed_token(*ec_, R"({"alg":"ES256","kid":"ec"})", kGood)), "accepted");
}

// Each header is properly signed with the HS256 secret; only the header is wrong.
TEST_F(HostileJwt, Headers) {
    const std::string signature = "access.token_signature", malformed = "access.token_malformed";
    const std::pair<std::string, std::string> cases[] = {
        {R"({"alg":"none"})", signature},
        {R"({"alg":"None"})", signature},
        {R"({"alg":"NONE"})", signature},
        {R"({"alg":""})", signature},
        {R"({"alg":"hs256"})", signature},
        {R"({"alg":"HS256 "})", signature},
        {R"({"alg":"HS512"})", signature},
        {R"({"alg":"RS256"})", signature},
        {R"({"alg":"PS256"})", signature},
        {R"({"alg":"ES256"})", signature},
        {R"({"alg":"EdDSA"})", signature},
        {R"({})", malformed},
        {R"({"alg":null})", malformed},
        {R"({"alg":["HS256"]})", malformed},
        {R"({"alg":256})", malformed},
        {R"({"alg":"HS256","alg":"HS256"})", malformed},
        {R"({"alg":"none","alg":"HS256"})", malformed},
        {R"({"alg":"HS256","\u0061lg":"none"})", malformed},
        {R"(["HS256"])", malformed},
        {R"("HS256")", malformed},
        {R"({"alg":"HS256"} x)", malformed},
        {R"({"alg":"HS256")", malformed},
        {R"({"alg":"HS256","kid":"../../dev/null"})", signature},
        {R"({"alg":"HS256","kid":"rsa' OR 1=1 --"})", signature},
        {R"({"alg":"HS256","kid":""})", signature},
        {R"({"alg":"HS256","kid":"rsa"})", signature},
        {R"({"alg":"HS256","kid":"rsa\u0000"})", malformed},
        {R"({"alg":"HS256","kid":7})", malformed},
        {R"({"alg":"HS256","kid":null})", malformed},
        {R"({"alg":"HS256","jku":"https://evil.example/jwks"})", malformed},
        {R"({"alg":"HS256","x5u":"https://evil.example/x"})", malformed},
        {R"({"alg":"HS256","jwk":{"kty":"oct","k":"AA"}})", malformed},
        {R"({"alg":"HS256","x5c":["MII"]})", malformed},
        {R"({"alg":"HS256","crit":["exp"]})", malformed},
        {R"({"alg":"HS256","crit":[]})", malformed},
        {R"({"alg":"HS256","b64":false})", malformed},
        {R"({"alg":"HS256","zip":"DEF"})", malformed},
        {R"({"alg":"HS256","cty":"JWT"})", malformed},
        {R"({"alg":"HS256","typ":"logout+jwt"})", malformed},
        {R"({"alg":"HS256","typ":7})", malformed},
    };
    for (const auto& [header, expected] : cases)
        EXPECT_EQ(outcome(hs256_token(kSecret, header, kGood)), expected) << header;
}

TEST_F(HostileJwt, Payloads) {
    const char* const cases[] = {
        "",
        "{}x",
        "[]",
        "7",
        "null",
        R"({"sub":"a","sub":"b","exp":1700000600})",
        R"({"sub":"a","exp":1,"exp":1700000600})",
        "{\"sub\":\"a\xff\",\"exp\":1700000600}",
    };
    for (const char* payload : cases)
        EXPECT_EQ(outcome(hs256_token(kSecret, R"({"alg":"HS256"})", payload)),
                  "access.token_malformed")
            << payload;
}

TEST_F(HostileJwt, PublicKeyUsedAsSharedSecret) {
    const std::string secrets[] = {rsa_->public_pem(), to_text(rsa_->jwk("rsa")),
                                   rsa_->jwk("rsa")["n"].get<std::string>(), ""};
    for (const auto& secret : secrets)
        for (const auto* header : {R"({"alg":"HS256"})", R"({"alg":"HS256","kid":"rsa"})"})
            EXPECT_EQ(outcome(hs256_token(secret, header, kGood)), "access.token_signature");
}

TEST_F(HostileJwt, KeyOfSomebodyElse) {
    const auto stranger = SigningKey::make(JwtAlgorithm::Es256);
    EXPECT_EQ(outcome(signed_token(stranger, R"({"alg":"ES256","kid":"ec"})", kGood)),
              "access.token_signature");
    EXPECT_EQ(outcome(signed_token(*ec_, R"({"alg":"ES256","kid":"rsa"})", kGood)),
              "access.token_signature");
}

TEST_F(HostileJwt, EcdsaSignaturesOutsideTheirRange) {
    const auto text = unsigned_token(R"({"alg":"ES256","kid":"ec"})", kGood);
    const auto good = ec_->sign(text);
    // The order of P-256 (FIPS 186-4, D.1.2.3): a half equal to it is zero in the field.
    const auto order =
        from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").value();
    const std::string zero(32, '\0'), r = good.substr(0, 32), s = good.substr(32);
    ASSERT_EQ(outcome(text + '.' + to_base64url(good)), "accepted");
    for (const auto& bad : {zero + zero, zero + s, r + zero, order + s, r + order, order + order,
                            good.substr(0, 63), good + '\0', std::string("\x30\x06\x02\x01\x01")})
        EXPECT_EQ(outcome(text + '.' + to_base64url(bad)), "access.token_signature");
}

TEST_F(HostileJwt, Shapes) {
    const auto good = hs256_token(kSecret, R"({"alg":"HS256"})", kGood);
    ASSERT_EQ(outcome(good), "accepted");
    const auto first = good.find('.'), last = good.rfind('.');
    const std::string shapes[] = {
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        good.substr(0, last),          // two parts
        good + '.',                    // four parts
        good + ".e30",                 //
        '.' + good.substr(first + 1),  // one part and a half
        good + '=',
        good + ' ',
        ' ' + good,
        good + '\n',
        std::string(good).insert(first, "="),
        std::string(good).replace(last + 1, 1, "+"),
    };
    for (const auto& shape : shapes) EXPECT_EQ(outcome(shape), "access.token_malformed") << shape;
    EXPECT_EQ(outcome(good.substr(0, last + 1)), "access.token_signature");
    EXPECT_EQ(outcome(good.substr(0, first) + ".." + good.substr(last + 1)),
              "access.token_signature");
}

// 32 bytes end in a group of three characters with two spare bits: each other setting of those bits
// decodes to the same bytes in a careless reader, and would be a second name of the same token.
TEST_F(HostileJwt, NonCanonicalLastCharacter) {
    const auto good = hs256_token(kSecret, R"({"alg":"HS256"})", kGood);
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const auto value = kAlphabet.find(good.back());
    for (std::size_t bits = 1; bits < 4; ++bits) {
        auto twin = good;
        twin.back() = kAlphabet[value + bits];
        EXPECT_EQ(outcome(twin), "access.token_malformed") << twin.back();
    }
}

TEST_F(HostileJwt, SizeIsBounded) {
    const auto token_of = [](std::size_t filler) {
        const auto payload =
            R"({"sub":"a","exp":1700000600,"x":")" + std::string(filler, 'x') + R"("})";
        return hs256_token(kSecret, R"({"alg":"HS256"})", payload);
    };
    // 20 + 1 + ceil((35 + n) * 4 / 3) + 1 + 43 characters: n = 6,060 makes 8,192.
    EXPECT_EQ(token_of(6'060).size(), kTokenBytesMax);
    EXPECT_EQ(outcome(token_of(6'060)), "accepted");
    EXPECT_EQ(outcome(token_of(6'061)), "access.token_malformed");
    EXPECT_EQ(outcome(std::string(1'000'000, 'a') + ".e30.e30"), "access.token_malformed");
}

TEST_F(HostileJwt, DeepNestingIsRefused) {
    const auto payload =
        R"({"sub":"a","exp":1700000600,"x":)" + std::string(500, '[') + std::string(500, ']') + "}";
    EXPECT_EQ(outcome(hs256_token(kSecret, R"({"alg":"HS256"})", payload)),
              "access.token_malformed");
}

TEST(JwtConfigured, WithoutKeysNothingIsAccepted) {
    const auto keys = KeySet::make({});
    ASSERT_TRUE(keys);
    EXPECT_TRUE(keys->empty());
    for (const auto* header : {R"({"alg":"HS256"})", R"({"alg":"none"})"})
        EXPECT_FALSE(verify(*keys, hs256_token("", header, kGood), kNow));
}

}  // namespace
}  // namespace turnpike
