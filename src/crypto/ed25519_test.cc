#include "crypto/ed25519.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace turnpike {
namespace {

std::string bytes(std::string_view hex) { return *from_hex(hex); }

/// RFC 8032, section 7.1, test 2.
TEST(Ed25519, SignsAsTheRfcDoes) {
    const SigningKey key(
        Secret(bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")));
    EXPECT_EQ(to_hex(key.public_key()),
              "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    EXPECT_EQ(to_hex(key.sign("\x72")),
              "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
              "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

TEST(Ed25519, ChecksKeyMessageAndSignature) {
    const SigningKey key(Secret(std::string(32, 'a'))), other(Secret(std::string(32, 'b')));
    const auto signature = key.sign("message");
    EXPECT_TRUE(is_signed(key.public_key(), "message", signature));
    EXPECT_FALSE(is_signed(key.public_key(), "messagE", signature));
    EXPECT_FALSE(is_signed(other.public_key(), "message", signature));
    EXPECT_FALSE(is_signed(key.public_key(), "message", signature.substr(1)));
    EXPECT_FALSE(is_signed("", "message", signature));
}

}  // namespace
}  // namespace turnpike
