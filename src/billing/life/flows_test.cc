#include <algorithm>
#include <random>
#include <thread>

#include "billing/life/sync.h"
#include "billing/life/test_clocks.h"
#include "billing/testing/testing.h"
#include "billing/worker.h"
#include "invoicing/invoice.h"
#include "json/value.h"
#include "subscriptions/service.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::hours, std::chrono::seconds;

class BillingFlows : public BillingTest {};

TEST_F(BillingFlows, AStartIsChargedOnceAndMirrored) {
    const auto customer = world.customer("alice");
    const auto subscription = started(customer, "pro");
    EXPECT_EQ(subscription.status, SubscriptionStatus::Active);
    const auto invoices = world.invoices(customer);
    ASSERT_EQ(invoices.size(), 1U);
    EXPECT_EQ(invoices[0].status, InvoiceStatus::Paid);
    EXPECT_EQ(invoices[0].total.minor(), 9'900);
    EXPECT_EQ(invoices[0].amount_paid.minor(), 9'900);

    // The same again, as after a lost answer, finds it done; another plan is refused.
    const auto again =
        world.run(start_subscription(world.billing, world.start_request(customer, "pro")));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->id, subscription.id);
    EXPECT_EQ(world.invoices(customer).size(), 1U);
    const auto other =
        world.run(start_subscription(world.billing, world.start_request(customer, "starter")));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().reason.text(), "subscription.exists");
}

TEST_F(BillingFlows, ADeclinedCardLeavesNoSubscription) {
    const auto customer = world.customer("bob");
    const auto declined = world.run(start_subscription(
        world.billing, world.start_request(customer, "pro", "pm_card_visa_chargeDeclined")));
    ASSERT_FALSE(declined);
    EXPECT_EQ(declined.error().code, ErrorCode::PaymentRequired);
    EXPECT_EQ(world.sandbox_get("/v1/subscriptions?status=all").at("data").size(), 0U);
    const auto live = ledger->read_blocking(
        [&](sql::Transaction& tx) { return find_live_subscription(tx, customer); });
    EXPECT_FALSE(live);
    started(customer, "pro");
}

// A card that attaches and then fails to be charged (4000000000000341).
TEST_F(BillingFlows, AFailedFirstPaymentLeavesNoSubscription) {
    const auto customer = world.customer("bea");
    const auto declined = world.run(start_subscription(
        world.billing, world.start_request(customer, "pro", "pm_card_chargeCustomerFail")));
    ASSERT_FALSE(declined);
    EXPECT_EQ(declined.error().code, ErrorCode::PaymentRequired);
    EXPECT_EQ(world.sandbox_get("/v1/subscriptions?status=all").at("data").size(), 0U);
}

// PRO: 10,000 calls for $99.00, then $0.02 each. 12,345 - 10,000 = 2,345; 2,345 x 2 = 4,690 cents.
TEST_F(BillingFlows, OverageIsOneLineOnTheRenewalInvoice) {
    const Instant start = from_unix_seconds(1'767'225'600);  // 2026-01-01
    const auto customer = on_clock("pro", start);
    const auto subscription = started(customer, "pro");
    world.use(customer, 12'345, "u1");
    advance(subscription.period.end + hours(2));

    const auto invoices = world.invoices(customer);
    ASSERT_EQ(invoices.size(), 2U);
    const auto renewal =
        std::ranges::find(invoices, "subscription_cycle", &Invoice::billing_reason);
    ASSERT_NE(renewal, invoices.end());
    EXPECT_EQ(amounts(*renewal, LineKind::Overage), std::vector<std::int64_t>{4'690});
    EXPECT_EQ(amounts(*renewal, LineKind::Plan), std::vector<std::int64_t>{9'900});
    EXPECT_EQ(renewal->total.minor(), 14'590);
    EXPECT_EQ(renewal->status, InvoiceStatus::Paid);
}

/// Time passes at the provider, and here for whoever uses; nobody tells the ledger.
void pass_unnoticed(BillingWorld& world, const TestClockId& clock, Instant to) {
    const auto theirs = world.ledger.write_blocking([&](sql::Transaction& tx) {
        tx.run("UPDATE test_clocks SET frozen_time = $2 WHERE id = $1", {clock, to});
        return tx.one("SELECT provider_clock_id FROM test_clocks WHERE id = $1", {clock})->text(0);
    });
    world.standings.clear();  // as whoever moves a clock does
    const std::string path = "/v1/test_helpers/test_clocks/" + theirs;
    world.sandbox_post(path + "/advance", "frozen_time=" + std::to_string(unix_seconds(to)));
    while (world.sandbox_get(path).at("status") != "ready")
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

// PRO: 10,000 calls a month, then $0.02 each. 100 over in January, 200 in February, which no mirror
// has seen; March runs.
void charge_periods_that_nobody_noticed(BillingWorld& world) {
    const Instant january = from_unix_seconds(1'767'225'600);  // 2026-01-01
    const auto clock = world.run(create_test_clock(world.billing, "slow", january, tester));
    const auto customer = world.customer("slow", clock->id);
    const auto subscription =
        world.run(start_subscription(world.billing, world.start_request(customer, "pro")));
    world.use(customer, 10'100, "january");
    pass_unnoticed(world, clock->id, january + days(32));
    world.use(customer, 10'200, "february");
    pass_unnoticed(world, clock->id, january + days(60));
    world.use(customer, 10'300, "march");

    const auto synced = world.run(
        sync_subscription(world.billing, *subscription->provider_subscription_id, tester));
    ASSERT_TRUE(synced) << synced.error().message;
    const auto charged = [&] {
        return world.ledger.read_blocking([](sql::Transaction& tx) {
            std::vector<std::pair<Instant, std::int64_t>> charges;
            for (const auto& row : tx.all(R"sql(
                     SELECT period_start, amount_minor FROM overage_charges
                      WHERE provider_invoice_item_id IS NOT NULL ORDER BY period_start)sql"))
                charges.emplace_back(row.instant(0), row.integer(1));
            return charges;
        });
    };
    const std::vector<std::pair<Instant, std::int64_t>> expected{{january, 200},
                                                                 {january + days(31), 400}};
    EXPECT_EQ(charged(), expected);
    world.run(run_billing_pass(world.billing, world.clock.now(), from_unix_seconds(0)));
    EXPECT_EQ(charged(), expected) << "once";
}

TEST_F(BillingFlows, PeriodsThatPassedUnmirroredAreChargedToo) {
    charge_periods_that_nobody_noticed(world);
}

TEST_F(BillingFlows, PeriodsThatPassedUnmirroredOfTheUsageLogAreChargedToo) {
    const sql::TempFolder folder;
    const auto log = usage_log_in(folder);
    BillingWorld logging(*ledger, world.key, log.get());
    charge_periods_that_nobody_noticed(logging);
}

// STARTER: 1,000 calls, then $0.03 each: 1,001 calls are 3 cents over.
TEST_F(BillingFlows, OneCallOverIsChargedToTheCent) {
    const auto customer = on_clock("starter", from_unix_seconds(1'767'225'600));
    const auto subscription = started(customer, "starter");
    world.use(customer, 1'001, "u1");
    advance(subscription.period.end + hours(2));
    const auto invoices = world.invoices(customer);
    const auto renewal =
        std::ranges::find(invoices, "subscription_cycle", &Invoice::billing_reason);
    ASSERT_NE(renewal, invoices.end());
    EXPECT_EQ(amounts(*renewal, LineKind::Overage), std::vector<std::int64_t>{3});
    EXPECT_EQ(renewal->total.minor(), 2'903);
}

// 2026-04-01 to 05-01 is 30 days. After 10 days 20/30 are left: 2900 x 20/30 = 1933.3 -> 1933
// back, 9900 x 20/30 = 6600 to pay; together 4667.
TEST_F(BillingFlows, AnUpgradeIsProratedToTheSecondAndPaidAtOnce) {
    const Instant start = from_unix_seconds(1'775'001'600);  // 2026-04-01
    const auto customer = on_clock("upgrade", start);
    const auto subscription = started(customer, "starter");
    ASSERT_EQ(subscription.period.end - subscription.period.start, days(30));
    advance(start + days(10));
    const auto changed = world.run(
        change_subscription(world.billing, {subscription.id, world.price_of("pro"), tester}));
    ASSERT_TRUE(changed) << changed.error().message;
    const auto invoices = world.invoices(customer);
    const auto upgrade =
        std::ranges::find(invoices, "subscription_update", &Invoice::billing_reason);
    ASSERT_NE(upgrade, invoices.end());
    auto prorations = amounts(*upgrade, LineKind::Proration);
    std::ranges::sort(prorations);
    EXPECT_EQ(prorations, (std::vector<std::int64_t>{-1'933, 6'600}));
    EXPECT_EQ(upgrade->total.minor(), 4'667);
    EXPECT_EQ(upgrade->status, InvoiceStatus::Paid);
}

// Usage is rated by the plan it was used under: 1,500 on STARTER are 500 over ($15.00); after the
// upgrade 1,000 of PRO's 10,000 are taken, so 9,500 more are 500 over ($10.00).
TEST_F(BillingFlows, AChangeOfPlanNeverRepricesEarlierUsage) {
    const auto customer = on_clock("segments", from_unix_seconds(1'775'001'600));
    const auto subscription = started(customer, "starter");
    world.use(customer, 1'500, "u1");
    const auto changed = world.run(
        change_subscription(world.billing, {subscription.id, world.price_of("pro"), tester}));
    ASSERT_TRUE(changed);
    world.use(customer, 9'500, "u2");
    advance(subscription.period.end + hours(2));
    const auto invoices = world.invoices(customer);
    const auto renewal =
        std::ranges::find(invoices, "subscription_cycle", &Invoice::billing_reason);
    ASSERT_NE(renewal, invoices.end());
    auto overage = amounts(*renewal, LineKind::Overage);
    std::ranges::sort(overage);
    EXPECT_EQ(overage, (std::vector<std::int64_t>{1'000, 1'500}));
}

TEST_F(BillingFlows, CancellingAtOnceBillsTheOverageOnAnInvoiceOfItsOwn) {
    const auto customer = on_clock("leaver", from_unix_seconds(1'775'001'600));
    const auto subscription = started(customer, "pro");
    world.use(customer, 10'100, "u1");
    const auto ended =
        world.run(cancel_subscription(world.billing, {subscription.id, CancelWhen::Now, tester}));
    ASSERT_TRUE(ended) << ended.error().message;
    EXPECT_EQ(ended->status, SubscriptionStatus::Canceled);
    ASSERT_TRUE(world.run(sync_customer(world.billing, customer, tester)));
    std::int64_t overage = 0;
    for (const auto& invoice : world.invoices(customer))
        for (const auto amount : amounts(invoice, LineKind::Overage)) overage += amount;
    EXPECT_EQ(overage, 200);
}

// The clock stands still, so all of these begin in the same second. PRO: 10,000 calls, then $0.02
// each; STARTER: 1,000 calls, then $0.03 each.
TEST_F(BillingFlows, EachContractPaysForItsOwnUsageOnly) {
    const auto customer = on_clock("again", from_unix_seconds(1'775'001'600));
    const auto ended = [&](const Subscription& subscription) {
        ASSERT_TRUE(world.run(
            cancel_subscription(world.billing, {subscription.id, CancelWhen::Now, tester})));
        ASSERT_TRUE(world.run(sync_customer(world.billing, customer, tester)));
    };
    const auto overage = [&] {
        std::vector<std::int64_t> all;
        for (const auto& invoice : world.invoices(customer))
            for (const auto amount : amounts(invoice, LineKind::Overage)) all.push_back(amount);
        std::ranges::sort(all);
        return all;
    };
    world.use(customer, 60, "free");
    const auto starter = started(customer, "starter");
    world.use(customer, 1'000, "u1");
    ended(starter);
    EXPECT_TRUE(overage().empty()) << "1,000 are included, and 60 were free";
    const auto pro = started(customer, "pro");
    world.use(customer, 12'345, "u2");
    ended(pro);
    EXPECT_EQ(overage(), std::vector<std::int64_t>{4'690});
    world.use(customer, 40, "free again");
    EXPECT_THROW(world.use(customer, 1, "one too many"), std::runtime_error);
    const auto once_more = started(customer, "pro");
    world.use(customer, 10'001, "u3");
    ended(once_more);
    EXPECT_EQ(overage(), (std::vector<std::int64_t>{2, 4'690}));
}

// Stripe never finalizes the renewal draft of a subscription that was ended in its first hour.
TEST_F(BillingFlows, OverageOnADraftThatDiesIsBilledOnAnInvoiceOfItsOwn) {
    const Instant start = from_unix_seconds(1'775'001'600);  // 2026-04-01
    const auto customer = on_clock("hasty", start);
    const auto subscription = started(customer, "pro");
    world.use(customer, 12'345, "u1");
    advance(subscription.period.end + std::chrono::minutes(30));
    ASSERT_TRUE(world.run(run_billing_pass(world.billing, world.clock.now(), world.clock.now())) >=
                0);
    const auto draft = [&] {
        const auto invoices = world.invoices(customer);
        const auto found =
            std::ranges::find(invoices, "subscription_cycle", &Invoice::billing_reason);
        EXPECT_NE(found, invoices.end());
        return *found;
    };
    ASSERT_EQ(draft().status, InvoiceStatus::Draft);
    ASSERT_EQ(amounts(draft(), LineKind::Overage), std::vector<std::int64_t>{4'690});

    ASSERT_TRUE(
        world.run(cancel_subscription(world.billing, {subscription.id, CancelWhen::Now, tester})));
    world.run(run_billing_pass(world.billing, world.clock.now(), world.clock.now()));
    ASSERT_TRUE(world.run(sync_customer(world.billing, customer, tester)));
    EXPECT_EQ(draft().status, InvoiceStatus::Draft);
    EXPECT_TRUE(amounts(draft(), LineKind::Overage).empty());
    const auto invoices = world.invoices(customer);
    const auto own = std::ranges::find(invoices, "manual", &Invoice::billing_reason);
    ASSERT_NE(own, invoices.end());
    EXPECT_EQ(amounts(*own, LineKind::Overage), std::vector<std::int64_t>{4'690});
    EXPECT_EQ(own->total.minor(), 4'690);
    // Whatever is run again changes nothing.
    world.run(run_billing_pass(world.billing, world.clock.now(), world.clock.now()));
    ASSERT_TRUE(world.run(sync_customer(world.billing, customer, tester)));
    EXPECT_EQ(world.invoices(customer).size(), invoices.size());
}

// Every event of a life, applied in shuffled orders and twice: the ledger is the provider's.
TEST_F(BillingFlows, EventsInAnyOrderEndInTheSameState) {
    const auto customer = on_clock("events", from_unix_seconds(1'775'001'600));
    const auto subscription = started(customer, "starter");
    ASSERT_TRUE(world.run(
        change_subscription(world.billing, {subscription.id, world.price_of("pro"), tester})));
    ASSERT_TRUE(world.run(
        cancel_subscription(world.billing, {subscription.id, CancelWhen::AtPeriodEnd, tester})));
    const auto expected = load(subscription.id);
    const auto expected_invoices = world.invoices(customer).size();

    std::vector<EventHint> hints;
    for (const auto& event : world.sandbox_get("/v1/events?limit=100").at("data"))
        hints.push_back({event.at("type").get<std::string>(), to_text(event)});
    ASSERT_GT(hints.size(), 5U);
    for (unsigned seed = 1; seed <= 5; ++seed) {
        SCOPED_TRACE(seed);
        auto order = hints;
        order.insert(order.end(), hints.begin(), hints.end());
        std::ranges::shuffle(order, std::mt19937(seed));
        for (const auto& hint : order) {
            const auto applied = world.run(apply_event(world.billing, hint, tester));
            ASSERT_TRUE(applied) << hint.type << ": " << applied.error().message;
        }
        const auto now = load(subscription.id);
        EXPECT_EQ(now.status, expected.status);
        EXPECT_EQ(now.period, expected.period);
        EXPECT_EQ(now.price, expected.price);
        EXPECT_EQ(now.cancel_at_period_end, expected.cancel_at_period_end);
        EXPECT_EQ(world.invoices(customer).size(), expected_invoices);
    }
}

// Twenty first checkouts of one customer at once: one customer and one subscription there.
TEST_F(BillingFlows, ConcurrentStartsMakeOneSubscription) {
    const auto customer = world.customer("hasty");
    asio::io_context io;
    int right = 0, refused = 0;
    auto start = [&]() -> asio::awaitable<void> {
        const auto result =
            co_await start_subscription(world.billing, world.start_request(customer, "pro"));
        if (result)
            ++right;
        else if (result.error().code == ErrorCode::Conflict ||
                 result.error().code == ErrorCode::OutcomeUnknown)
            ++refused;
    };
    for (int i = 0; i < 20; ++i)
        asio::co_spawn(io, start, [](std::exception_ptr error) { EXPECT_FALSE(error); });
    io.run();
    EXPECT_EQ(right + refused, 20);
    EXPECT_GE(right, 1);
    EXPECT_EQ(world.sandbox_get("/v1/subscriptions?status=all").at("data").size(), 1U);
    EXPECT_EQ(world.sandbox_get("/v1/customers").at("data").size(), 1U);
    EXPECT_EQ(world.sandbox_get("/v1/charges").at("data").size(), 1U);
}

}  // namespace
}  // namespace turnpike
