#include <algorithm>
#include <string_view>

#include "billing/life/ended_adjustment.h"
#include "billing/life/sync.h"
#include "billing/records/stored_close.h"
#include "billing/testing/testing.h"
#include "billing/worker.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::hours;

// PRO: 10,000 calls for $99.00 a month, then $0.02 each.
class Adjustments : public BillingTest {
protected:
    void change_plan(const Subscription& subscription, const char* plan) {
        const auto changed = world.run(
            change_subscription(world.billing, {subscription.id, world.price_of(plan), tester}));
        ASSERT_TRUE(changed) << changed.error().message;
    }
    void bill() {
        world.run(run_billing_pass(world.billing, world.clock.now(), world.clock.now()));
    }
    /// Overage lines of the customer's newest invoice with this reason.
    std::vector<std::int64_t> overage(const CustomerId& customer, std::string_view reason) {
        EXPECT_TRUE(world.run(sync_customer(world.billing, customer, tester)));
        const auto invoices = world.invoices(customer);
        const auto newest = std::ranges::find(invoices, reason, &Invoice::billing_reason);
        EXPECT_NE(newest, invoices.end());
        auto found = amounts(*newest, LineKind::Overage);
        std::ranges::sort(found);
        return found;
    }
    Instant january = from_unix_seconds(1'767'225'600);  // 2026-01-01
};

// January: 100 over, $2.00, then 50 late ones, $1.00. February: 200 over, $4.00; then 30 of January
// are taken back, -$0.60.
TEST_F(Adjustments, ChangesOfAClosedPeriodAreOnTheNextRenewal) {
    const auto customer = on_clock("late", january);
    started(customer, "pro");
    world.use(customer, 10'100, "january");
    advance(january + days(31) + hours(2));
    EXPECT_EQ(overage(customer, "subscription_cycle"), std::vector<std::int64_t>{200});

    world.send(customer, 50, "late", january + days(20));
    world.use(customer, 10'200, "february");
    advance(january + days(59) + hours(2));
    EXPECT_EQ(overage(customer, "subscription_cycle"), (std::vector<std::int64_t>{100, 400}));

    world.amend(customer, 10'070, "january");
    advance(january + days(90) + hours(2));
    EXPECT_EQ(overage(customer, "subscription_cycle"), std::vector<std::int64_t>{-60});

    advance(january + days(120) + hours(2));
    EXPECT_TRUE(overage(customer, "subscription_cycle").empty()) << "once";
}

// January: 1,000 of 1,200 calls under STARTER are included, and 200 cost $0.03, $6.00. Then PRO has
// 10,000 - 1,000 left, of which 300 are used. In February the plan is ENTERPRISE. 8,800 late calls
// of January leave its PRO 100 over, $2.00; the 80 more of the second one cost $1.60 in March.
TEST_F(Adjustments, LateUsageIsRatedByTheLastPlanOfItsPeriod) {
    const auto customer = on_clock("changes", january);
    const auto subscription = started(customer, "starter");
    world.use(customer, 1'200, "starter");
    change_plan(subscription, "pro");
    world.use(customer, 300, "pro");
    advance(january + days(31) + hours(2));
    EXPECT_EQ(overage(customer, "subscription_cycle"), std::vector<std::int64_t>{600});

    change_plan(subscription, "enterprise");
    world.use(customer, 100, "february");
    world.send(customer, 8'800, "late", january + days(20));
    advance(january + days(59) + hours(2));
    EXPECT_EQ(overage(customer, "subscription_cycle"), std::vector<std::int64_t>{200});

    world.send(customer, 80, "later", january + days(30));
    advance(january + days(90) + hours(2));
    EXPECT_EQ(overage(customer, "subscription_cycle"), std::vector<std::int64_t>{160});
}

// Nothing was used in January, so nobody had to charge it: 10,050 late calls cost $1.00.
TEST_F(Adjustments, LateUsageOfAPeriodThatWasNotUsed) {
    const auto customer = on_clock("first", january);
    started(customer, "pro");
    advance(january + days(31) + hours(2));
    world.send(customer, 10'050, "late", january + days(20));
    advance(january + days(59) + hours(2));
    EXPECT_EQ(overage(customer, "subscription_cycle"), std::vector<std::int64_t>{100});
}

// A year ended ten days ago, and it began long before any close would look back to.
TEST_F(Adjustments, LookBackToTheEndOfAPeriodHoweverLongItWas) {
    ledger->write_blocking(
        [](sql::Transaction& tx) { return tx.run("UPDATE prices SET interval = 'year'", {}); });
    world.catalog.reload(*ledger);
    const auto customer = on_clock("yearly", january);
    started(customer, "pro");
    world.use(customer, 10'100, "first year");
    advance(january + days(365) + hours(2));
    EXPECT_EQ(overage(customer, "subscription_cycle"), std::vector<std::int64_t>{200});
    world.send(customer, 50, "late", january + days(360));
    advance(january + days(730) + hours(2));
    EXPECT_EQ(overage(customer, "subscription_cycle"), std::vector<std::int64_t>{100});
}

// The ledger was shown January, and then April; nothing of February was used while it was asked.
TEST_F(Adjustments, AnEndedSubscriptionIsAskedForAPeriodThatNobodyClosed) {
    const auto customer = on_clock("unseen", january);
    const auto subscription = started(customer, "pro");
    advance(january + days(45));
    ASSERT_TRUE(
        world.run(cancel_subscription(world.billing, {subscription.id, CancelWhen::Now, tester})));
    bill();
    ledger->write_blocking([&](sql::Transaction& tx) {
        return tx.run("DELETE FROM period_closes WHERE period_start = $1", {january});
    });
    world.send(customer, 10'050, "late", january + days(20));
    advance(january + days(48));
    EXPECT_EQ(world.run(queue_ended_adjustments(world.billing, world.clock.now())), 1);
    bill();
    EXPECT_EQ(overage(customer, "manual"), std::vector<std::int64_t>{100});
    EXPECT_EQ(world.run(queue_ended_adjustments(world.billing, world.clock.now())), 0);
}

// January's close runs once more, as after its draft has died, and February has changed meanwhile:
// 10 late calls are $0.20, and they are the next close's.
TEST_F(Adjustments, AreNeverMadeByAnEarlierClose) {
    const auto customer = on_clock("again", january);
    started(customer, "pro");
    world.use(customer, 10'100, "january");
    advance(january + days(31) + hours(2));
    world.use(customer, 10'200, "february");
    advance(january + days(59) + hours(2));
    world.send(customer, 10, "late", january + days(58));
    const auto reopened = ledger->write_blocking([&](sql::Transaction& tx) {
        return tx.run("UPDATE period_closes SET state = 'pending' WHERE period_start = $1",
                      {january});
    });
    ASSERT_EQ(reopened, 1);
    bill();
    const auto pending = ledger->read_blocking(
        [](sql::Transaction& tx) { return pending_period_closes(tx, "stripe", 10).size(); });
    EXPECT_EQ(pending, 0U);
    advance(january + days(90) + hours(2));
    EXPECT_EQ(overage(customer, "subscription_cycle"), std::vector<std::int64_t>{20});
}

TEST_F(Adjustments, AnEndedSubscriptionIsAskedOnAnInvoiceOfItsOwn) {
    const auto customer = on_clock("ended", january);
    const auto subscription = started(customer, "pro");
    world.use(customer, 10'100, "january");
    advance(january + days(1));
    ASSERT_TRUE(
        world.run(cancel_subscription(world.billing, {subscription.id, CancelWhen::Now, tester})));
    bill();
    EXPECT_EQ(overage(customer, "manual"), std::vector<std::int64_t>{200});
    const auto invoices = world.invoices(customer).size();

    world.send(customer, 50, "late", january + hours(1));
    const auto queue = [&] {
        return world.run(queue_ended_adjustments(world.billing, world.clock.now()));
    };
    EXPECT_EQ(queue(), 0) << "its first day is not over";
    advance(january + days(3));
    EXPECT_EQ(queue(), 1);
    bill();
    EXPECT_EQ(overage(customer, "manual"), std::vector<std::int64_t>{100});
    EXPECT_EQ(queue(), 0) << "it is charged";
    bill();
    EXPECT_EQ(world.invoices(customer).size(), invoices + 1);

    world.send(customer, 7, "later", january + hours(1));
    advance(january + days(120));
    EXPECT_EQ(queue(), 0) << "too late";
}

}  // namespace
}  // namespace turnpike
