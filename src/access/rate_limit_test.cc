#include "access/rate_limit.h"

#include <thread>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using namespace std::chrono_literals;
const Instant kStart = from_unix_seconds(1'700'000'000);
constexpr RateRule kRule{"r", 60, 60s};

TEST(RateBucket, AFullBucketGivesItsQuotaAtOnceAndThenOneTokenASecond) {
    RateBucket bucket;
    for (int i = 0; i < 60; ++i) {
        const auto verdict = take_token(bucket, kRule, kStart);
        ASSERT_TRUE(verdict.allowed) << i;
        EXPECT_EQ(verdict.remaining, 59 - i);
        EXPECT_EQ(verdict.reset, Duration(1s) * (i + 1));
    }
    const auto refused = take_token(bucket, kRule, kStart);
    EXPECT_FALSE(refused.allowed);
    EXPECT_EQ(refused.remaining, 0);
    EXPECT_EQ(refused.reset, 1s);

    EXPECT_FALSE(take_token(bucket, kRule, kStart + 999ms).allowed);
    EXPECT_TRUE(take_token(bucket, kRule, kStart + 1s).allowed);
    EXPECT_FALSE(take_token(bucket, kRule, kStart + 1s).allowed);
    EXPECT_TRUE(take_token(bucket, kRule, kStart + 2s).allowed);
}

TEST(RateBucket, RefusalsCostNothing) {
    RateBucket bucket;
    for (int i = 0; i < 60; ++i) (void)take_token(bucket, kRule, kStart);
    for (int i = 0; i < 1000; ++i) EXPECT_FALSE(take_token(bucket, kRule, kStart + 500ms).allowed);
    EXPECT_TRUE(take_token(bucket, kRule, kStart + 1s).allowed);
}

TEST(RateBucket, NeverHoldsMoreThanItsQuota) {
    RateBucket bucket;
    (void)take_token(bucket, kRule, kStart);
    EXPECT_EQ(take_token(bucket, kRule, kStart + 24h).remaining, 59);
}

TEST(RateBucket, AfterTheClockStepsBackTheWaitIsOneWindowAtMost) {
    RateBucket bucket;
    (void)take_token(bucket, kRule, kStart + 24h);
    EXPECT_FALSE(take_token(bucket, kRule, kStart).allowed);
    EXPECT_TRUE(take_token(bucket, kRule, kStart + 1s).allowed);
}

TEST(RateLimiter, CallersAndClassesHaveBucketsOfTheirOwn) {
    RateLimiter limiter;
    const auto drain = [&](std::string_view who) {
        int granted = 0;
        while (limiter.take(RateClass::Billing, who, kStart).allowed) ++granted;
        return granted;
    };
    EXPECT_EQ(drain("user:alice"), 60);
    EXPECT_EQ(drain("user:bob"), 60);
    EXPECT_TRUE(limiter.take(RateClass::AuthFailure, "user:alice", kStart).allowed);
    EXPECT_FALSE(limiter.take(RateClass::Billing, "user:alice", kStart).allowed);
    for (int i = 0; i < 10'000; ++i)
        ASSERT_TRUE(limiter.take(RateClass::None, "user:alice", kStart).allowed);
}

// 600 in an hour is one in 6 s.
TEST(RateLimiter, AnonymousCallersNameSixHundredCustomersAnHour) {
    RateLimiter limiter;
    const auto named = [&](Instant now) {
        return limiter.take(RateClass::Receipt, "203.0.113.7", now);
    };
    for (int i = 0; i < 600; ++i) ASSERT_TRUE(named(kStart).allowed) << i;
    const auto refused = named(kStart);
    ASSERT_FALSE(refused.allowed);
    EXPECT_EQ(rate_limited(*rate_rule(RateClass::Receipt), refused).retry_after_s, 6);
    EXPECT_TRUE(limiter.take(RateClass::Receipt, "203.0.113.8", kStart).allowed);
    EXPECT_TRUE(named(kStart + 6s).allowed);
    EXPECT_FALSE(named(kStart + 6s).allowed);
}

TEST(RateLimiter, TheTableStaysBounded) {
    RateLimiter limiter(1'600);
    for (int i = 0; i < 100'000; ++i)
        (void)limiter.take(RateClass::AuthFailure, std::to_string(i), kStart);
    EXPECT_LE(limiter.size(), 1'600U);
    EXPECT_GE(limiter.size(), 1'500U);
}

TEST(RateLimiter, ThreadsTogetherGetExactlyTheQuota) {
    RateLimiter limiter;
    std::atomic<int> granted = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 8; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 1'000; ++i)
                    if (limiter.take(RateClass::Billing, "one", kStart).allowed) ++granted;
            });
    }
    EXPECT_EQ(granted, 60);
}

TEST(RateHeaders, SayPolicyAndState) {
    const auto headers = rate_headers(RateClass::Billing, {true, 42, 17'000'001us});
    ASSERT_EQ(headers.size(), 2U);
    EXPECT_EQ(headers[0].first, "RateLimit-Policy");
    EXPECT_EQ(headers[0].second, R"("billing";q=60;w=60)");
    EXPECT_EQ(headers[1].first, "RateLimit");
    EXPECT_EQ(headers[1].second, R"("billing";r=42;t=18)");
    EXPECT_TRUE(rate_headers(RateClass::None, {}).empty());
}

TEST(RateHeaders, RetryAfterIsNotBeforeTheReset) {
    const auto error = rate_limited(*rate_rule(RateClass::Webhook), {false, 0, 1us});
    EXPECT_EQ(error.code, ErrorCode::LimitExceeded);
    EXPECT_EQ(error.reason.text(), "access.rate_limited");
    EXPECT_EQ(error.retry_after_s, 1);
    EXPECT_EQ(rate_limited(*rate_rule(RateClass::Billing), {false, 0, 1'500ms}).retry_after_s, 2);
}

}  // namespace
}  // namespace turnpike
