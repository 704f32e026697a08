#include "webhooks/stripe_signature.h"

#include <random>

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/crypto.h"

namespace turnpike {
namespace {

// The published vector: key "whsec_test", t=1614265330.
constexpr std::string_view kBody = R"({"test": 2432232314})";
constexpr std::string_view kV1 = "98a6304ac7cd966786ee1b93ad76319d9cd63829827fa0f93cb3e367cf67086d";
constexpr std::int64_t kTime = 1614265330;

WebhookSecrets secrets(std::vector<std::string> texts) {
    auto made = WebhookSecrets::create(std::move(texts));
    if (!made) throw std::runtime_error(made.error().message);
    return *std::move(made);
}

std::string verdict(std::string_view header, std::string_view body, const WebhookSecrets& keys,
                    std::int64_t now) {
    const auto checked = check_stripe_signature(header, body, keys, from_unix_seconds(now));
    const auto* fault = std::get_if<SignatureFault>(&checked);
    return fault == nullptr ? "valid" : std::string(to_text(*fault));
}

std::string verdict(std::string_view header) {
    return verdict(header, kBody, secrets({"whsec_test"}), kTime);
}

std::string signature(std::string_view secret, std::string_view time, std::string_view body) {
    return to_hex(hmac_sha256(secret, std::string(time) + "." + std::string(body)));
}

TEST(StripeSignature, AcceptsThePublishedVector) {
    EXPECT_EQ(verdict("t=1614265330,v1=" + std::string(kV1)), "valid");
}

TEST(StripeSignature, ReadsTheHeaderStrictly) {
    const std::string v1(kV1);
    std::string upper = v1;
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    struct Case {
        const char* name;
        std::string header;
        const char* verdict;
    };
    const Case cases[] = {
        {"empty", "", "malformed_header"},
        {"order does not matter", "v1=" + v1 + ",t=1614265330", "valid"},
        {"unknown schemes are ignored", "t=1614265330,v0=00,v1=" + v1 + ",v2=x", "valid"},
        {"any v1 may fit", "t=1614265330,v1=" + std::string(64, '0') + ",v1=" + v1, "valid"},
        {"v0 alone proves nothing", "t=1614265330,v0=" + v1, "no_known_scheme"},
        {"no signature", "t=1614265330", "no_known_scheme"},
        {"no time", "v1=" + v1, "malformed_header"},
        {"empty time", "t=,v1=" + v1, "malformed_header"},
        {"time with a sign", "t=+1614265330,v1=" + v1, "malformed_header"},
        {"negative time", "t=-1614265330,v1=" + v1, "malformed_header"},
        {"time with a fraction", "t=1614265330.0,v1=" + v1, "malformed_header"},
        {"time in hex", "t=0x60379b72,v1=" + v1, "malformed_header"},
        {"time beyond any clock", "t=1614265330000000000,v1=" + v1, "malformed_header"},
        {"two times", "t=1614265330,t=1614265330,v1=" + v1, "malformed_header"},
        {"a space", "t=1614265330, v1=" + v1, "no_known_scheme"},
        {"a trailing comma", "t=1614265330,v1=" + v1 + ",", "malformed_header"},
        {"no key", "t=1614265330,=1,v1=" + v1, "malformed_header"},
        {"no equals sign", "t=1614265330,v1", "malformed_header"},
        {"upper-case hex", "t=1614265330,v1=" + upper, "wrong_signature"},
        {"cut", "t=1614265330,v1=" + v1.substr(0, 63), "wrong_signature"},
        {"longer", "t=1614265330,v1=" + v1 + "0", "wrong_signature"},
        {"empty v1", "t=1614265330,v1=", "wrong_signature"},
        {"other time, same signature", "t=1614265331,v1=" + v1, "wrong_signature"},
        {"other spelling of the time", "t=01614265330,v1=" + v1, "wrong_signature"},
        {"upper-case key", "T=1614265330,v1=" + v1, "malformed_header"},
        {"too many signatures",
         [&] {
             std::string header = "t=1614265330";
             for (int i = 0; i < 17; ++i) header += ",v1=" + v1;
             return header;
         }(),
         "malformed_header"},
        {"a very long header", "t=1614265330,x=" + std::string(5'000, 'a') + ",v1=" + v1,
         "malformed_header"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(verdict(c.header), c.verdict);
    }
}

TEST(StripeSignature, BoundsThePastAndTheFuture) {
    const std::string header = "t=1614265330,v1=" + std::string(kV1);
    const auto keys = secrets({"whsec_test"});
    EXPECT_EQ(verdict(header, kBody, keys, kTime + 300), "valid");
    EXPECT_EQ(verdict(header, kBody, keys, kTime + 301), "outside_tolerance");
    EXPECT_EQ(verdict(header, kBody, keys, kTime - 300), "valid");
    EXPECT_EQ(verdict(header, kBody, keys, kTime - 301), "outside_tolerance");
}

TEST(StripeSignature, AcceptsOldAndNewSecretWhileRolling) {
    const std::string header = "t=1614265330,v1=" + std::string(kV1);
    EXPECT_EQ(verdict(header, kBody, secrets({"whsec_new_one", "whsec_test"}), kTime), "valid");
    EXPECT_EQ(verdict(header, kBody, secrets({"whsec_new_one"}), kTime), "wrong_signature");
}

TEST(StripeSignature, CoversEveryBitOfTheBody) {
    const std::string header = "t=1614265330,v1=" + std::string(kV1);
    const auto keys = secrets({"whsec_test"});
    for (std::size_t bit = 0; bit < kBody.size() * 8; ++bit) {
        std::string body(kBody);
        body[bit / 8] = static_cast<char>(body[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_EQ(verdict(header, body, keys, kTime), "wrong_signature") << "bit " << bit;
    }
    EXPECT_EQ(verdict(header, R"({"test":2432232314})", keys, kTime), "wrong_signature");
    EXPECT_EQ(verdict(header, "", keys, kTime), "wrong_signature");
}

TEST(StripeSignature, UsesTheWholeSecretAsTheKey) {
    const auto bare = signature("test", "1614265330", kBody);  // without "whsec_"
    EXPECT_EQ(verdict("t=1614265330,v1=" + bare), "wrong_signature");
}

TEST(StripeSignature, RefusesSecretsThatAnybodyCouldGuess) {
    const std::vector<std::vector<std::string>> bad = {{},
                                                       {""},
                                                       {" "},
                                                       {"\t\n"},
                                                       {"whsec_test", ""},
                                                       {"whsec test1"},
                                                       {"short"},
                                                       std::vector<std::string>(9, "whsec_test")};
    for (const auto& texts : bad) {
        const auto made = WebhookSecrets::create(texts);
        ASSERT_FALSE(made);
        EXPECT_EQ(made.error().reason.text(), "webhook.bad_secret");
    }
}

TEST(StripeSignature, NoRandomHeaderIsAccepted) {
    std::mt19937_64 random(20240915);
    const std::string alphabet = "tv01=,.whsec_ 9af\"\\\t\xff";
    const auto keys = secrets({"whsec_test"});
    for (int round = 0; round < 20'000; ++round) {
        std::string header = round % 2 == 0 ? "t=1614265330,v1=" : "";
        const auto length = random() % 120;
        for (std::size_t i = 0; i < length; ++i) header += alphabet[random() % alphabet.size()];
        EXPECT_NE(verdict(header, kBody, keys, kTime), "valid") << header;
    }
}

}  // namespace
}  // namespace turnpike
