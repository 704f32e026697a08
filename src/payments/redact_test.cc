#include "payments/redact.h"

#include <array>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(Redact, RemovesEverySecret) {
    EXPECT_EQ(redact("Invalid API Key provided: sk_test_51AbC_x9."),
              "Invalid API Key provided: sk_test_****.");
    EXPECT_EQ(redact("sk_live_a rk_live_b rk_test_c whsec_d"),
              "sk_live_**** rk_live_**** rk_test_**** whsec_****");
    EXPECT_EQ(redact("pi_3SR_secret_Abc123 ok"), "pi_3SR_secret_**** ok");
    EXPECT_EQ(redact("sk_test_"), "sk_test_****");
    EXPECT_EQ(redact("nothing here"), "nothing here");
}

TEST(Hide, RemovesTheseTexts) {
    const std::array<std::string, 3> secrets = {"s3cret", "", "cret"};
    EXPECT_EQ(hide("a s3cret, s3crets3cret, secret", secrets), "a ****, ********, se****");
    EXPECT_EQ(hide("nothing here", secrets), "nothing here");
    EXPECT_EQ(hide("s3cret", {}), "s3cret");
}

}  // namespace
}  // namespace turnpike
