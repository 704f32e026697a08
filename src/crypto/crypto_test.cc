#include "crypto/crypto.h"

#include <set>

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace turnpike {
namespace {

std::string bytes_of(std::string_view hex) { return from_hex(hex).value(); }

// FIPS 180-4 examples, as published by NIST (SHA256.pdf), and the empty message.
TEST(Sha256, MatchesNistExamples) {
    EXPECT_EQ(to_hex(sha256("")),
              "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(to_hex(sha256("abc")),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    EXPECT_EQ(to_hex(sha256(std::string(1'000'000, 'a'))),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

struct HmacCase {
    const char* name;
    std::string key;
    std::string message;
    const char* mac;
};

// RFC 4231, sections 4.2 to 4.8 (4.6, the truncated one, compares its 128 bits).
TEST(HmacSha256, MatchesRfc4231) {
    const HmacCase cases[] = {
        {"1", std::string(20, '\x0b'), "Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"2: key shorter than the digest", "Jefe", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"3", std::string(20, '\xaa'), std::string(50, '\xdd'),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {"4", bytes_of("0102030405060708090a0b0c0d0e0f10111213141516171819"),
         std::string(50, '\xcd'),
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {"5: truncated", std::string(20, '\x0c'), "Test With Truncation",
         "a3b6167473100ee06e0c796c2955552b"},
        {"6: key longer than a block", std::string(131, '\xaa'),
         "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {"7: key and data longer than a block", std::string(131, '\xaa'),
         "This is a test using a larger than block-size key and a larger than block-size data. The "
         "key needs to be hashed before being used by the HMAC algorithm.",
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const std::string mac = to_hex(hmac_sha256(c.key, c.message));
        EXPECT_EQ(mac.size(), 64);
        EXPECT_EQ(mac.substr(0, std::string_view(c.mac).size()), c.mac);
    }
}

// Vectors for the three webhook dialects: the Standard Webhooks specification's own, and Stripe's
// and Razorpay's construction over the same body.
constexpr const char* kBody = R"({"test": 2432232314})";

TEST(HmacSha256, SignsAsStandardWebhooks) {
    const auto key = from_base64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").value();
    const std::string signed_text = std::string("msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.") + kBody;
    EXPECT_EQ(to_base64(hmac_sha256(key, signed_text)),
              "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(HmacSha256, SignsAsStripe) {
    EXPECT_EQ(to_hex(hmac_sha256("whsec_test", std::string("1614265330.") + kBody)),
              "98a6304ac7cd966786ee1b93ad76319d9cd63829827fa0f93cb3e367cf67086d");
}

TEST(HmacSha256, SignsAsRazorpay) {
    EXPECT_EQ(to_hex(hmac_sha256("rzp_secret", kBody)),
              "8c626c8f52735bdf9bd7456a0877ef609fb4717312cff0f7a58a1b68fd9fc0cf");
}

TEST(EqualConstantTime, ComparesBytesAndLengths) {
    EXPECT_TRUE(equal_constant_time("", ""));
    EXPECT_TRUE(equal_constant_time("abc", "abc"));
    EXPECT_TRUE(equal_constant_time(std::string("a\0b", 3), std::string("a\0b", 3)));
    EXPECT_FALSE(equal_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_constant_time("xbc", "abc"));
    EXPECT_FALSE(equal_constant_time("abc", "ab"));
    EXPECT_FALSE(equal_constant_time("", "a"));
    EXPECT_FALSE(equal_constant_time(std::string("a\0b", 3), std::string("a\0c", 3)));
}

TEST(RandomBytes, GivesTheCountAskedForAndNeverTheSameTwice) {
    EXPECT_EQ(random_bytes(0), "");
    std::set<std::string> seen;
    for (int i = 0; i < 1'000; ++i) {
        const auto bytes = random_bytes(16);
        EXPECT_EQ(bytes.size(), 16);
        EXPECT_TRUE(seen.insert(bytes).second);
    }
}

TEST(Sha256InPieces, IsThatOfTheWhole) {
    Sha256 pieces;
    pieces.add("a");
    pieces.add("");
    pieces.add("bc");
    // FIPS 180-2, B.1
    EXPECT_EQ(to_hex(pieces.finish()),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace turnpike
