#include <chrono>
#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "billing/life/sync.h"
#include "billing/life/test_clocks.h"
#include "billing/overage/explanation.h"
#include "billing/overage/recompute.h"
#include "billing/provider/customer_time.h"
#include "billing/testing/testing.h"
#include "customers/service.h"
#include "entitlements/overrides.h"
#include "entitlements/usage_summary.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::hours;

const Instant kJanuary = from_unix_seconds(1'767'225'600);  // 2026-01-01
const Instant kFebruary = kJanuary + days(31);

/// A subscriber of PRO (10,000 calls, then $0.02 each) who lives by a test clock.
struct Subscriber {
    explicit Subscriber(BillingWorld& of)
        : world(of),
          clock(world.run(create_test_clock(world.billing, "c", kJanuary, tester)).value().id),
          customer(world.customer("acme", clock)) {
        const auto request = world.start_request(customer, "pro");
        EXPECT_TRUE(world.run(start_subscription(world.billing, request)));
    }
    OverrideOrder order(sql::Transaction& tx) {
        const Instant now = world.clock.now();
        return {find_customer(tx, customer.text()).value(), "api_calls", tester, now,
                customer_time(tx, customer, now)};
    }
    void give(const char* limit, std::optional<Instant> expires_at = std::nullopt) {
        const OverrideValue value{std::nullopt, parse_given_allowance(limit).value()};
        const auto put = world.ledger.write_blocking([&](sql::Transaction& tx) {
            return put_override(tx, order(tx), value, expires_at, world.ids);
        });
        ASSERT_TRUE(put) << put.error().message;
        world.standings.invalidate(customer);
    }
    void take_back() {
        const auto removed = world.ledger.write_blocking(
            [&](sql::Transaction& tx) { return remove_overrides(tx, order(tx), world.ids); });
        ASSERT_TRUE(removed);
        world.standings.invalidate(customer);
    }
    void use(std::int64_t calls) { world.use(customer, calls, "use-" + std::to_string(++uses)); }
    void advance(Instant to) {
        const auto moved = world.run(advance_test_clock(world.billing, clock, to, tester));
        ASSERT_TRUE(moved) << moved.error().message;
    }
    MeterUsage usage() {
        const auto summary = world.ledger.read_blocking([&](sql::Transaction& tx) {
            return load_usage_summary(tx, {*world.usage, world.catalog}, customer.text(),
                                      world.clock.now());
        });
        return summary->meters.at(0);
    }
    /// Of one overage line, as explain shows it.
    Json charge() {
        EXPECT_TRUE(world.run(sync_customer(world.billing, customer, tester)));
        for (const Invoice& invoice : world.invoices(customer))
            for (const InvoiceLine& line : invoice.lines)
                if (line.kind == LineKind::Overage)
                    return world.ledger.read_blocking([&](sql::Transaction& tx) {
                        return write_explanation(explain_line(tx, line.id, std::nullopt).value())
                            .at("charge");
                    });
        return {};
    }
    std::int64_t billed() {
        return world.ledger.read_blocking([](sql::Transaction& tx) {
            return tx.one("SELECT COALESCE(SUM(amount_minor), 0) FROM overage_charges")->integer(0);
        });
    }
    void expect_recomputed() {
        const auto report = world.run(
            recompute(world.ledger, world.billing.usage, {}, [](std::uint64_t, std::uint64_t) {}));
        ASSERT_TRUE(report) << report.error().message;
        for (const auto& one : report->differences)
            ADD_FAILURE() << one.object << " " << one.field << ": " << one.stored << " / "
                          << one.recomputed;
    }

    BillingWorld& world;
    TestClockId clock;
    CustomerId customer;
    int uses = 0;
};

/// In both stores of usage.
class OverriddenOverage : public ::testing::TestWithParam<bool> {
protected:
    sql::TempFolder folder_;
    std::unique_ptr<sql::Database> ledger_ = ledger_with_catalog();
    std::unique_ptr<UsageLog> log_ = GetParam() ? usage_log_in(folder_) : nullptr;
    BillingWorld world_{*ledger_, fresh_account_key(), log_.get()};
    Subscriber acme_{world_};
};
INSTANTIATE_TEST_SUITE_P(, OverriddenOverage, ::testing::Bool(),
                         [](const auto& one) { return one.param ? "log" : "ledger"; });

//   under                used   included   covered before   covered   overage
//   the plan           12,000     10,000                0    10,000     2,000   $40.00
//   the override        4,000     15,000           10,000     4,000         0    $0.00
//   the plan again      3,000     10,000           14,000         0     3,000   $60.00
TEST_P(OverriddenOverage, IsRatedFromTheOverridesStartToItsEnd) {
    acme_.use(12'000);
    acme_.give("15000");
    EXPECT_EQ(acme_.usage().now.remaining, Quantity::whole(5'000)) << "15,000 less 10,000 covered";
    acme_.use(4'000);
    EXPECT_EQ(acme_.usage().now.overage_amount, Money(4'000, Currency::Usd));
    acme_.take_back();
    acme_.use(3'000);
    EXPECT_EQ(acme_.usage().now.overage_amount, Money(10'000, Currency::Usd));
    acme_.advance(kFebruary + hours(2));
    EXPECT_EQ(acme_.billed(), 10'000);
    acme_.expect_recomputed();

    const Json segments = acme_.charge().at("segments");
    ASSERT_EQ(segments.size(), 3U);
    EXPECT_TRUE(segments[0].at("override").is_null());
    EXPECT_EQ(segments[1].at("override").at("limit"), "15000");
    EXPECT_EQ(segments[1].at("override").at("created_at"), "2026-01-01T00:00:00Z");
    EXPECT_EQ(segments[1].at("override").at("removed_at"), "2026-01-01T00:00:00Z");
    EXPECT_EQ(segments[1].at("included"), "15000");
    EXPECT_EQ(segments[1].at("covered"), "4000");
    EXPECT_EQ(segments[2].at("overage"), "3000");
    EXPECT_TRUE(segments[2].at("override").is_null());
}

// 50,000 calls of the ten days without a limit cost nothing, and use the plan's 10,000 up: the 100
// calls behind them cost $2.00. In February the plan's 10,000 are there again: 10,001 calls, $0.02.
TEST_P(OverriddenOverage, IsOfThePlanAgainOnceTheOverrideHasExpired) {
    acme_.give("unlimited", kJanuary + days(10));
    acme_.use(50'000);
    EXPECT_FALSE(acme_.usage().now.hard_limit);
    acme_.advance(kJanuary + days(10));
    acme_.use(100);
    acme_.advance(kFebruary + hours(2));
    EXPECT_EQ(acme_.billed(), 200);
    acme_.use(10'001);
    acme_.advance(kFebruary + days(28) + hours(2));
    EXPECT_EQ(acme_.billed(), 202);
    acme_.expect_recomputed();
}

// 500 included instead of 10,000: 100 of 600 calls cost $2.00. With an end there, no more come in.
TEST_P(OverriddenOverage, BeginsEarlierUnderALowerLimitUnlessItIsAnEnd) {
    acme_.give("500");
    acme_.use(600);
    EXPECT_EQ(acme_.usage().now.overage_amount, Money(200, Currency::Usd));
    acme_.give("500 block");
    EXPECT_EQ(acme_.usage().now.hard_limit, Quantity::whole(600)) << "what was let in";
    EXPECT_THROW(acme_.use(1), std::runtime_error);
    acme_.give("700 block");
    acme_.use(200);  // 500 of 700 are covered
    EXPECT_THROW(acme_.use(1), std::runtime_error);
    acme_.advance(kFebruary + hours(2));
    EXPECT_EQ(acme_.billed(), 200);
    acme_.expect_recomputed();
}

// What was billed in January stays; what comes late for January is rated as January was.
TEST_P(OverriddenOverage, OfAPeriodThatWasBilledIsNotTouched) {
    acme_.use(10'100);
    acme_.advance(kFebruary + hours(2));
    EXPECT_EQ(acme_.billed(), 200);
    acme_.give("1000000");
    world_.send(acme_.customer, 50, "late", kJanuary + days(20));
    acme_.advance(kFebruary + days(28) + hours(2));
    EXPECT_EQ(acme_.billed(), 300) << "50 late calls under January's terms";
    acme_.expect_recomputed();
}

// Of January nothing was counted when it ended: its late usage has the override of its own time.
TEST_P(OverriddenOverage, OfLateUsageIsThatOfItsOwnTime) {
    acme_.give("20000", kJanuary + days(20));
    acme_.advance(kFebruary + hours(2));
    world_.send(acme_.customer, 15'000, "late", kJanuary + days(5));
    acme_.advance(kFebruary + days(28) + hours(2));
    EXPECT_EQ(acme_.billed(), 0);
    acme_.expect_recomputed();
}

// Overrides come and go at random: what people were shown is what they are billed, and every
// charge can be told again from its events.
TEST_P(OverriddenOverage, AnyHistoryIsBilledAsItWasShown) {
    std::mt19937_64 random(19);
    const auto upto = [&](std::uint64_t most) {
        return static_cast<std::int64_t>(random() % (most + 1));
    };
    const char* const limits[] = {"0", "3000", "12000", "12000.5", "unlimited", "40000 allow"};
    Instant now = kJanuary;
    std::int64_t shown = 0;
    for (int month = 0; month < 3; ++month) {
        for (int day = 0; day < 24; day += 3) {
            if (upto(1) == 0) acme_.use(upto(4'000));
            if (upto(2) == 0) acme_.give(limits[upto(5)], now + days(day) + days(upto(9) + 1));
            if (upto(5) == 0) acme_.take_back();
            if (upto(1) == 0) acme_.use(upto(4'000));
            if (upto(2) == 0) acme_.advance(now + days(day) + hours(3 + day));
        }
        shown += acme_.usage().now.overage_amount.minor();
        now += days(31);
        acme_.advance(now + hours(2));
        EXPECT_EQ(acme_.billed(), shown) << month;
    }
    EXPECT_GT(shown, 0);
    acme_.expect_recomputed();
}

}  // namespace
}  // namespace turnpike
