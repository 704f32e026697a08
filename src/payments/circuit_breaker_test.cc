#include "payments/circuit_breaker.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using std::chrono::milliseconds;

SteadyMoment at(int ms) { return SteadyMoment(milliseconds(1'000'000 + ms)); }

constexpr BreakerPolicy kPolicy{
    .failures_to_open = 3, .window = milliseconds(1'000), .cool_down = milliseconds(500)};

CircuitBreaker opened_at(int ms) {
    CircuitBreaker breaker(kPolicy);
    for (int i = 0; i < 3; ++i) breaker.failed(at(ms));
    return breaker;
}

TEST(CircuitBreaker, StaysClosedBelowTheThreshold) {
    CircuitBreaker breaker(kPolicy);
    breaker.failed(at(0));
    breaker.failed(at(1));
    EXPECT_EQ(breaker.state(at(2)), BreakerState::Closed);
    EXPECT_TRUE(breaker.allows(at(2)));
}

TEST(CircuitBreaker, OpensAtTheThreshold) {
    auto breaker = opened_at(10);
    EXPECT_EQ(breaker.state(at(10)), BreakerState::Open);
    EXPECT_FALSE(breaker.allows(at(10)));
    EXPECT_FALSE(breaker.allows(at(509)));
    EXPECT_EQ(breaker.wait(at(10)), milliseconds(500));
    EXPECT_EQ(breaker.wait(at(509)), milliseconds(1));
}

TEST(CircuitBreaker, ForgetsFailuresOutsideTheWindow) {
    CircuitBreaker breaker(kPolicy);
    breaker.failed(at(0));
    breaker.failed(at(1));
    breaker.failed(at(1'001));  // the first two are 1,001 and 1,000 ms old
    EXPECT_EQ(breaker.state(at(1'001)), BreakerState::Closed);
}

TEST(CircuitBreaker, AFewFailuresAmongManySuccessesDoNotOpenIt) {
    CircuitBreaker breaker(kPolicy);
    for (int i = 0; i < 10; ++i) breaker.succeeded(at(i));
    for (int i = 0; i < 9; ++i) breaker.failed(at(20 + i));  // 9 of 19
    EXPECT_EQ(breaker.state(at(30)), BreakerState::Closed);
    breaker.failed(at(30));  // 10 of 20 is half
    EXPECT_EQ(breaker.state(at(30)), BreakerState::Open);
}

TEST(CircuitBreaker, LetsOneTrialThroughAfterTheCoolDown) {
    auto breaker = opened_at(0);
    EXPECT_EQ(breaker.state(at(500)), BreakerState::HalfOpen);
    EXPECT_TRUE(breaker.allows(at(500)));
    EXPECT_FALSE(breaker.allows(at(501)));
}

TEST(CircuitBreaker, ASuccessfulTrialCloses) {
    auto breaker = opened_at(0);
    ASSERT_TRUE(breaker.allows(at(500)));
    breaker.succeeded(at(600));
    EXPECT_EQ(breaker.state(at(600)), BreakerState::Closed);
    EXPECT_TRUE(breaker.allows(at(600)));
}

TEST(CircuitBreaker, AFailedTrialOpensForAnotherCoolDown) {
    auto breaker = opened_at(0);
    ASSERT_TRUE(breaker.allows(at(500)));
    breaker.failed(at(600));
    EXPECT_EQ(breaker.state(at(1'099)), BreakerState::Open);
    EXPECT_FALSE(breaker.allows(at(1'099)));
    EXPECT_TRUE(breaker.allows(at(1'100)));
}

TEST(CircuitBreaker, ALateAnswerFromBeforeTheOpeningDoesNotClose) {
    auto breaker = opened_at(0);
    breaker.succeeded(at(100));
    EXPECT_EQ(breaker.state(at(100)), BreakerState::Open);
    breaker.failed(at(400));  // nor does a late failure prolong it
    EXPECT_EQ(breaker.state(at(500)), BreakerState::HalfOpen);
}

TEST(CircuitBreaker, ATrialThatNeverReportsIsGivenUp) {
    auto breaker = opened_at(0);
    ASSERT_TRUE(breaker.allows(at(500)));
    EXPECT_FALSE(breaker.allows(at(999)));
    EXPECT_TRUE(breaker.allows(at(1'000)));
}

TEST(CircuitBreaker, StatesHaveStableNames) {
    EXPECT_EQ(to_text(BreakerState::Closed), "closed");
    EXPECT_EQ(to_text(BreakerState::Open), "open");
    EXPECT_EQ(to_text(BreakerState::HalfOpen), "half_open");
}

}  // namespace
}  // namespace turnpike
