#include "webhooks/standard_signature.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

// Standard Webhooks 1.0.0, its own test vector (spec/api-conventions.md).
TEST(EndpointSecret, SignsAsTheStandardDoes) {
    const auto secret = EndpointSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    ASSERT_TRUE(secret);
    EXPECT_EQ(secret->sign("msg_p5jXN8AQM9LWM0D4loKWxJek", from_unix_seconds(1'614'265'330),
                           R"({"test": 2432232314})"),
              "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    EXPECT_EQ(secret->text(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
}

TEST(EndpointSecret, SignsTheSecondInWhichItIsSent) {
    const auto secret = EndpointSecret::of_bytes(std::string(32, 'k'));
    const Instant second = from_unix_seconds(1'700'000'000);
    EXPECT_EQ(secret.sign("evt_1", second, "{}"),
              secret.sign("evt_1", second + std::chrono::milliseconds(999), "{}"));
    EXPECT_NE(secret.sign("evt_1", second, "{}"),
              secret.sign("evt_1", second + std::chrono::seconds(1), "{}"));
    EXPECT_NE(secret.sign("evt_1", second, "{}"), secret.sign("evt_2", second, "{}"));
}

TEST(EndpointSecret, IsOfTheStandardsSize) {
    // base64 of 23 bytes has 32 characters with one '='; of 65, 88.
    EXPECT_FALSE(EndpointSecret::parse("whsec_" + std::string(30, 'A') + "E="));
    EXPECT_FALSE(EndpointSecret::parse("whsec_" + std::string(86, 'A') + "E="));
    EXPECT_TRUE(EndpointSecret::parse("whsec_" + std::string(32, 'A')));
    EXPECT_FALSE(EndpointSecret::parse(std::string(32, 'A')));
    EXPECT_FALSE(EndpointSecret::parse("whsec_not base64 at all, but long enough!!!"));
}

}  // namespace
}  // namespace turnpike
