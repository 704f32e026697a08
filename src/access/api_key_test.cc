#include "access/api_key.h"

#include <set>

#include <gtest/gtest.h>

#include "crypto/crypto.h"

namespace turnpike {
namespace {

// The check value of CRC-32/ISO-HDLC.
TEST(ApiKey, Crc32CheckValue) { EXPECT_EQ(crc32("123456789"), 0xCBF4'3926U); }

// All bits zero or one spell out the alphabet's ends; SHA-256 of "abc" is FIPS 180-2, B.1.
TEST(ApiKey, ShapeIsPrefixBodyChecksum) {
    const auto zeros = mint_key(KeyPrefix::SellerTest, std::string(20, '\0'));
    EXPECT_EQ(zeros.secret.substr(0, 40), "tp_test_00000000000000000000000000000000");
    EXPECT_EQ(zeros.secret.size(), 46U);
    EXPECT_EQ(zeros.hint, "tp_test_..." + zeros.secret.substr(42));
    const auto ones = mint_key(KeyPrefix::SellerLive, std::string(20, '\xff'));
    EXPECT_EQ(ones.secret.substr(0, 40), "tp_live_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz");
    const auto customer = mint_key(KeyPrefix::Customer, random_bytes(20));
    EXPECT_TRUE(customer.secret.starts_with("tp_cust_"));
    EXPECT_EQ(customer.hash, key_hash(customer.secret));
    EXPECT_EQ(key_hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(ApiKey, MintedKeysAreRecognized) {
    std::set<std::string> seen;
    for (const auto prefix : {KeyPrefix::SellerTest, KeyPrefix::SellerLive, KeyPrefix::Customer,
                              KeyPrefix::Session, KeyPrefix::PasswordReset, KeyPrefix::Invitation})
        for (int i = 0; i < 200; ++i) {
            const auto key = mint_key(prefix, random_bytes(20));
            EXPECT_EQ(read_key_shape(key.secret), prefix);
            EXPECT_TRUE(seen.insert(key.secret).second);
        }
}

// A CRC finds every change of one character (a burst of at most 8 bits).
TEST(ApiKey, AnyOtherCharacterAnywhereIsRefused) {
    constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    const auto key = mint_key(KeyPrefix::SellerLive, random_bytes(20)).secret;
    for (std::size_t i = 0; i < key.size(); ++i)
        for (const char c : kAlphabet) {
            auto changed = key;
            changed[i] = c;
            if (c != key[i]) EXPECT_FALSE(read_key_shape(changed)) << i << ' ' << c;
        }
}

TEST(ApiKey, OtherShapesAreRefused) {
    const auto key = mint_key(KeyPrefix::SellerTest, random_bytes(20)).secret;
    auto live = key, customer = key, upper = key;
    live.replace(0, 8, "tp_live_");
    customer.replace(0, 8, "tp_cust_");
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    const std::string cases[] = {
        "",        "tp_test_", key.substr(0, 45),     key + '0',
        ' ' + key, key + '\n', key.substr(8),         live,
        customer,  upper,      "tp_" + key.substr(8), "sk_test_" + key.substr(8)};
    for (const auto& text : cases) EXPECT_FALSE(read_key_shape(text)) << text;
}

}  // namespace
}  // namespace turnpike
