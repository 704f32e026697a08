#include "sandbox/stripe/wire/rate_limits.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace turnpike::twin {
namespace {

using namespace std::chrono_literals;

const Instant kStart = from_unix_seconds(1'762'799'351);

LimitedCall reading(std::string_view pattern, std::string_view account = "a") {
    return {.account = account, .method = http::Method::Get, .pattern = pattern, .path = pattern};
}
LimitedCall writing(std::string_view pattern, std::string_view path) {
    return {.account = "a", .method = http::Method::Post, .pattern = pattern, .path = path};
}

TEST(RateGauge, AdmitsSoManyAtOnceAndThenEvenly) {
    RateGauge gauge;
    const RateLimit limit{.calls = 4, .per = 1s};
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(gauge.admit("x", limit, kStart));
    EXPECT_FALSE(gauge.admit("x", limit, kStart));
    EXPECT_TRUE(gauge.admit("y", limit, kStart));
    EXPECT_FALSE(gauge.admit("x", limit, kStart + 249ms));
    EXPECT_TRUE(gauge.admit("x", limit, kStart + 250ms));
    EXPECT_FALSE(gauge.admit("x", limit, kStart + 250ms));
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(gauge.admit("x", limit, kStart + 10s));
    EXPECT_FALSE(gauge.admit("x", limit, kStart + 10s));
}

TEST(RateLimits, CountReadsAndWritesOfAnAccountApart) {
    RateGauge gauge;
    for (int i = 0; i < 25; ++i) {
        const std::string pattern = "/v1/r" + std::to_string(i);
        EXPECT_EQ(exceeded_limit(gauge, reading(pattern), kStart), std::nullopt);
        EXPECT_EQ(exceeded_limit(gauge, writing(pattern, pattern), kStart), std::nullopt);
    }
    EXPECT_EQ(exceeded_limit(gauge, reading("/v1/more"), kStart), "global-rate");
    EXPECT_EQ(exceeded_limit(gauge, writing("/v1/more", "/v1/more"), kStart), "global-rate");
    EXPECT_EQ(exceeded_limit(gauge, reading("/v1/more", "b"), kStart), std::nullopt);
    EXPECT_EQ(exceeded_limit(gauge, reading("/v1/more"), kStart + 40ms), std::nullopt);
}

TEST(RateLimits, CountAnEndpointWhateverTheMethod) {
    RateGauge gauge;
    for (int i = 0; i < 12; ++i)
        EXPECT_EQ(exceeded_limit(gauge, reading("/v1/customers"), kStart), std::nullopt);
    for (int i = 0; i < 13; ++i)
        EXPECT_EQ(exceeded_limit(gauge, writing("/v1/customers", "/v1/customers"), kStart),
                  std::nullopt);
    EXPECT_EQ(exceeded_limit(gauge, reading("/v1/customers"), kStart), "endpoint-rate");
    EXPECT_EQ(exceeded_limit(gauge, reading("/v1/products"), kStart), std::nullopt);
}

TEST(RateLimits, CountSearchesTogether) {
    RateGauge gauge;
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(exceeded_limit(gauge, reading("/v1/customers/search"), kStart), std::nullopt);
        EXPECT_EQ(exceeded_limit(gauge, reading("/v1/charges/search"), kStart), std::nullopt);
    }
    EXPECT_EQ(exceeded_limit(gauge, reading("/v1/prices/search"), kStart), "endpoint-rate");
}

TEST(RateLimits, CountTheChangesOfOnePaymentIntent) {
    RateGauge gauge;
    const auto change = [&](const char* path, Instant now) {
        return exceeded_limit(gauge, writing("/v1/payment_intents/{intent}/confirm", path), now);
    };
    // The 1,100th comes after 53.85 s; by then 53.85 * 1000 / 3600 = 14.96 have come back.
    int admitted = 0;
    for (int i = 0; i < 1'100; ++i)
        admitted += change("/v1/payment_intents/pi_1/confirm", kStart + i * 49ms) ? 0 : 1;
    EXPECT_EQ(admitted, 1'014);
    EXPECT_EQ(change("/v1/payment_intents/pi_1", kStart + 53'900ms), "resource-specific");
    EXPECT_EQ(change("/v1/payment_intents/pi_2/confirm", kStart + 53'900ms), std::nullopt);
}

TEST(RateLimits, LetAThousandMeterEventsPass) {
    RateGauge gauge;
    for (int i = 0; i < 1'000; ++i)
        EXPECT_EQ(exceeded_limit(gauge, writing("/v1/billing/meter_events", ""), kStart),
                  std::nullopt);
    EXPECT_EQ(exceeded_limit(gauge, writing("/v1/billing/meter_events", ""), kStart),
              "endpoint-rate");
    EXPECT_EQ(exceeded_limit(gauge, writing("/v2/billing/meter_event_stream", ""), kStart),
              "endpoint-rate");
}

TEST(RateLimitError, IsStripes) {
    const auto error = rate_limit_error();
    EXPECT_EQ(error.http_status, 429);
    EXPECT_EQ(error.type, "invalid_request_error");
    EXPECT_EQ(error.code, "rate_limit");
}

}  // namespace
}  // namespace turnpike::twin
