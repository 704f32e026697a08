#include "billing/telling/recommendations.h"

#include <gtest/gtest.h>

#include "billing/life/refunding.h"
#include "billing/life/sync.h"
#include "billing/testing/testing.h"
#include "billing/worker.h"

namespace turnpike {
namespace {

class RecommendationsTest : public BillingTest {
protected:
    /// A subscription whose first period has ended with so much usage, and was charged.
    CustomerId after_a_period(const std::string& plan, std::int64_t calls) {
        const auto customer = on_clock("alice", from_unix_seconds(1'767'225'600));
        used_up(started(customer, plan), calls);
        return customer;
    }
    void used_up(const Subscription& subscription, std::int64_t calls) {
        world.use(subscription.customer, calls, "u1");
        advance(subscription.period.end + std::chrono::hours(2));
        world.run(run_billing_pass(world.billing, world.clock.now(), from_unix_seconds(0)));
    }
    std::optional<Recommendation> recommended(const CustomerId& customer) {
        const auto catalog = world.catalog.get();
        auto found = ledger->read_blocking(
            [&](sql::Transaction& tx) { return recommend_plan(tx, *catalog, customer); });
        EXPECT_TRUE(found);
        return *found;
    }
};

// STARTER: 29.00 and 0.03 beyond 1,000; PRO: 99.00 and 0.02 beyond 10,000 (presets/api-metering).
TEST_F(RecommendationsTest, NamesThePlanThatWouldHaveCostLess) {
    // 29.00 + (4,367 - 1,000) x 0.03 = 29.00 + 101.01 = 130.01; PRO: 99.00, which is 31.01 less.
    const auto found = recommended(after_a_period("starter", 4'367));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->present_plan, "starter");
    EXPECT_EQ(found->has_cost, Money(13'001, Currency::Usd));
    EXPECT_EQ(found->better.plan, "pro");
    EXPECT_EQ(found->better.would_have_cost, Money(9'900, Currency::Usd));
    EXPECT_EQ(found->better.saving, Money(3'101, Currency::Usd));
}

TEST_F(RecommendationsTest, SaysNothingWhenNoneIsCheaper) {
    // 29.00 + 2,000 x 0.03 = 89.00, less than PRO's 99.00.
    EXPECT_FALSE(recommended(after_a_period("starter", 3'000)));
}

// What it has cost is not what the plan costs.
TEST_F(RecommendationsTest, SaysNothingOfATrial) {
    const Instant january = from_unix_seconds(1'767'225'600);
    const auto customer = on_clock("alice", january);
    auto request = world.start_request(customer, "starter");
    request.trial = TrialWish{.end = january + std::chrono::days(14)};
    const auto made = world.run(start_subscription(world.billing, request));
    ASSERT_TRUE(made) << made.error().message;
    used_up(load(made->id), 4'367);
    EXPECT_FALSE(recommended(customer));
}

TEST_F(RecommendationsTest, SaysNothingWhereSomethingWasTakenOff) {
    const auto customer = on_clock("alice", from_unix_seconds(1'767'225'600));
    const auto first = started(customer, "starter");
    world.sandbox_post("/v1/coupons", "id=HALF&percent_off=50&duration=forever");
    world.sandbox_post("/v1/subscriptions/" + *first.provider_subscription_id,
                       "discounts[0][coupon]=HALF");
    advance(first.period.end + std::chrono::hours(2));
    used_up(load(first.id), 4'367);
    EXPECT_FALSE(recommended(customer));
}

// The usage is billed an hour after the period, and nobody knows before what is taken off.
TEST_F(RecommendationsTest, SaysNothingWhereADiscountHasComeSince) {
    const auto customer = on_clock("alice", from_unix_seconds(1'767'225'600));
    const auto subscription = started(customer, "starter");
    world.use(customer, 4'367, "u1");
    world.sandbox_post("/v1/coupons", "id=HALF&percent_off=50&duration=forever");
    world.sandbox_post("/v1/subscriptions/" + *subscription.provider_subscription_id,
                       "discounts[0][coupon]=HALF");
    ASSERT_TRUE(world.run(
        sync_subscription(world.billing, *subscription.provider_subscription_id, tester)));
    advance(subscription.period.end + std::chrono::minutes(10));
    world.run(run_billing_pass(world.billing, world.clock.now(), from_unix_seconds(0)));
    EXPECT_FALSE(recommended(customer));
}

TEST_F(RecommendationsTest, SaysNothingOfWhatWasGivenBack) {
    const auto customer = on_clock("alice", from_unix_seconds(1'767'225'600));
    const auto subscription = started(customer, "starter");
    const Invoice first = world.invoices(customer).at(0);
    ASSERT_TRUE(world.run(refund_invoice(world.billing, {.invoice = first.id,
                                                         .wish = {.amount = {}, .currency = {}},
                                                         .reason = {},
                                                         .authority = tester})));
    used_up(subscription, 4'367);
    EXPECT_FALSE(recommended(customer));
}

TEST_F(RecommendationsTest, SaysNothingBeforeAPeriodWasCharged) {
    const auto customer = world.customer("alice");
    started(customer, "starter");
    EXPECT_FALSE(recommended(customer));
}

}  // namespace
}  // namespace turnpike
