#include "crypto/password.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

// 65,536 KiB are 64 MiB. The form of the text is that of the reference implementation of RFC 9106.
TEST(Password, TheTextSaysHowItWasMade) {
    const auto hash = hash_password("correct horse", {});
    EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=65536,t=2,p=1$")) << hash;
    EXPECT_FALSE(is_of_other_cost(hash, {}));
    EXPECT_TRUE(is_of_other_cost(hash, kCheapPassword));
}

TEST(Password, OnlyTheSamePasswordIsRight) {
    const auto hash = hash_password("correct horse", kCheapPassword);
    EXPECT_TRUE(verify_password(hash, "correct horse"));
    for (const auto* other : {"", "correct hors", "correct horse ", "Correct horse"})
        EXPECT_FALSE(verify_password(hash, other)) << other;
    EXPECT_FALSE(verify_password("", "correct horse"));
    EXPECT_FALSE(verify_password("$argon2id$v=19$m=8,t=1,p=1$", "correct horse"));
}

TEST(Password, TheSamePasswordHasAnotherHashEachTime) {
    EXPECT_NE(hash_password("correct horse", kCheapPassword),
              hash_password("correct horse", kCheapPassword));
}

TEST(Password, BytesAfterANulCount) {
    const std::string long_one("correct\0horse", 13);
    const auto hash = hash_password(long_one, kCheapPassword);
    EXPECT_TRUE(verify_password(hash, long_one));
    EXPECT_FALSE(verify_password(hash, "correct"));
}

}  // namespace
}  // namespace turnpike
