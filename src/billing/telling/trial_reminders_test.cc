#include "billing/telling/trial_reminders.h"

#include "billing/life/sync.h"
#include "billing/testing/testing.h"
#include "billing/worker.h"
#include "json/value.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::hours;

const Instant kStart = from_unix_seconds(1'777'593'600);  // 2026-05-01

class TrialReminders : public BillingTest {
protected:
    Subscription trial_until(Instant end) {
        auto request = world.start_request(on_clock("alice", kStart), "pro");
        request.trial = TrialWish{end};
        const auto made = world.run(start_subscription(world.billing, request));
        if (!made) throw std::runtime_error(made.error().message);
        return *made;
    }
    void work() {
        world.run(run_billing_pass(world.billing, world.clock.now(), from_unix_seconds(0)));
    }
    std::size_t told() {
        return ledger->read_blocking([](sql::Transaction& tx) {
            return tx.all("SELECT id FROM outbox_events WHERE type = 'subscription.trial_will_end'")
                .size();
        });
    }
    /// Stripe's own.
    void hear() {
        const std::string type = "customer.subscription.trial_will_end";
        const Json all = world.sandbox_get("/v1/events?limit=100&type=" + type).at("data");
        ASSERT_FALSE(all.empty());
        ASSERT_TRUE(world.run(apply_event(world.billing, {type, to_text(all.at(0))}, tester)));
    }
};

// May 10 - 3 days = May 7.
TEST_F(TrialReminders, ComeThreeDaysAheadAndOnce) {
    trial_until(kStart + days(9));
    work();
    EXPECT_EQ(told(), 0U);
    advance(kStart + days(6) - hours(1));
    work();
    EXPECT_EQ(told(), 0U);
    advance(kStart + days(6) + hours(1));
    work();
    work();
    EXPECT_EQ(told(), 1U);
    hear();
    EXPECT_EQ(told(), 1U);
}

TEST_F(TrialReminders, ComeFromTheProviderToo) {
    trial_until(kStart + days(9));
    advance(kStart + days(6) + hours(1));
    hear();
    EXPECT_EQ(told(), 1U);
    work();
    EXPECT_EQ(told(), 1U);
}

// Stripe has told of May 10, and before that is heard the trial is given until June 9: the third
// day before that is June 6.
TEST_F(TrialReminders, ALateWordOfAnEndThatHasMovedIsNotTheReminder) {
    const auto trial = trial_until(kStart + days(9));
    advance(kStart + days(6) + hours(1));
    ASSERT_TRUE(world.run(end_trial(world.billing, {trial.id, kStart + days(39), tester})));
    hear();
    EXPECT_EQ(told(), 0U);
    advance(kStart + days(36) - hours(1));
    work();
    EXPECT_EQ(told(), 0U);
    advance(kStart + days(36) + hours(1));
    work();
    EXPECT_EQ(told(), 1U);
}

TEST_F(TrialReminders, ComeAgainForALongerTrial) {
    const auto trial = trial_until(kStart + days(2));
    work();
    EXPECT_EQ(told(), 1U);
    ASSERT_TRUE(world.run(end_trial(world.billing, {trial.id, kStart + days(9), tester})));
    work();
    EXPECT_EQ(told(), 1U);
    advance(kStart + days(7));
    work();
    EXPECT_EQ(told(), 2U);
}

TEST_F(TrialReminders, AreNotForWhoPays) {
    started(on_clock("bob", kStart), "pro");
    work();
    EXPECT_EQ(told(), 0U);
}

}  // namespace
}  // namespace turnpike
