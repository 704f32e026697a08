#include <algorithm>
#include <string_view>

#include "billing/ended_adjustment.h"
#include "billing/stored_close.h"
#include "billing/sync.h"
#include "billing/testing.h"
#include "billing/worker.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::hours;

// PRO: 10,000 calls for $99.00 a month, then $0.02 each.
class Adjustments : public BillingTest {
protected:
    /// What late usage, or a correction, does to a period's counter.
    void change_usage(Instant period_start, std::int64_t calls) {
        ledger->write_blocking([&](sql::Transaction& tx) {
            return tx.run("UPDATE usage_counters SET used = used + $2 WHERE period_start = $1",
                          {period_start, Quantity::whole(calls)});
        });
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

    change_usage(january, 50);
    world.use(customer, 10'200, "february");
    advance(january + days(59) + hours(2));
    EXPECT_EQ(overage(customer, "subscription_cycle"), (std::vector<std::int64_t>{100, 400}));

    change_usage(january, -30);
    advance(january + days(90) + hours(2));
    EXPECT_EQ(overage(customer, "subscription_cycle"), std::vector<std::int64_t>{-60});

    advance(january + days(120) + hours(2));
    EXPECT_TRUE(overage(customer, "subscription_cycle").empty()) << "once";
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
    change_usage(january + days(31), 10);
    const auto reopened = ledger->write_blocking([&](sql::Transaction& tx) {
        return tx.run("UPDATE period_closes SET state = 'pending' WHERE period_start = $1",
                      {january});
    });
    ASSERT_EQ(reopened, 1);
    bill();
    const auto pending = ledger->read_blocking(
        [](sql::Transaction& tx) { return pending_period_closes(tx, 10).size(); });
    EXPECT_EQ(pending, 0U);
    advance(january + days(90) + hours(2));
    EXPECT_EQ(overage(customer, "subscription_cycle"), std::vector<std::int64_t>{20});
}

TEST_F(Adjustments, AnEndedSubscriptionIsAskedOnAnInvoiceOfItsOwn) {
    const auto customer = on_clock("ended", january);
    const auto subscription = started(customer, "pro");
    world.use(customer, 10'100, "january");
    ASSERT_TRUE(
        world.run(cancel_subscription(world.billing, {subscription.id, CancelWhen::Now, tester})));
    bill();
    EXPECT_EQ(overage(customer, "manual"), std::vector<std::int64_t>{200});
    const auto invoices = world.invoices(customer).size();

    change_usage(january, 50);
    const auto queue = [&] {
        return world.run(queue_ended_adjustments(world.billing, world.clock.now()));
    };
    EXPECT_EQ(queue(), 0) << "its first day is not over";
    advance(january + days(2));
    EXPECT_EQ(queue(), 1);
    bill();
    EXPECT_EQ(overage(customer, "manual"), std::vector<std::int64_t>{100});
    EXPECT_EQ(queue(), 0) << "it is charged";
    bill();
    EXPECT_EQ(world.invoices(customer).size(), invoices + 1);

    change_usage(january, 7);
    advance(january + days(120));
    EXPECT_EQ(queue(), 0) << "too late";
}

}  // namespace
}  // namespace turnpike
