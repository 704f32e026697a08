#include "app/ledger/charge_check.h"

#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "billing/life/period_close.h"
#include "metering/log/state/usage_state.h"
#include "metering/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::kSeptember;
using testing::kStart;
using testing::MeteredWorld;

/// A subscription to PRO, 10,000 calls and then $0.02 each, with a close of September.
class ChargeCheck : public ::testing::Test {
protected:
    ChargeCheck() {
        db_->write_blocking([&](sql::Transaction& tx) {
            const PlanVersion& pro = *world_.catalog().get()->plan("pro");
            tx.run(R"sql(
                INSERT INTO subscriptions (id, customer_id, plan_version_id, price_id, provider,
                       status, period_start, period_end, cancel_at_period_end, applied_ticket,
                       created_at, updated_at, version)
                VALUES ('sub_1', $1, $2, $3, 'stripe', 'active', $4, $5, 0, 0, $4, $4, 1))sql",
                   {alice_, pro.id, pro.prices.front().id, kSeptember.end,
                    kSeptember.end + std::chrono::days(31)});
            return tx.run(R"sql(
                INSERT INTO period_closes (subscription_id, period_start, period_end, provider,
                       placement, provider_invoice_id, state, created_at, closed_at)
                VALUES ('sub_1', $1, $2, 'stripe', 'own_invoice', '', 'done', $2, $2))sql",
                          {kSeptember.start, kSeptember.end});
        });
    }
    void use(std::int64_t calls, Meter::Aggregation aggregation = Meter::Aggregation::Sum) {
        auto window = world_.window("pro", kSeptember, subscription_);
        window.aggregation = aggregation;
        const UsageCount count{std::make_shared<const UsageWindow>(std::move(window)),
                               Quantity::whole(calls)};
        std::string records;
        usage_.begin_arrival(kStart);
        EXPECT_EQ(usage_.count({.customer = alice_.text(),
                                .source = "test",
                                .id = "e",
                                .counts = {&count, 1},
                                .time = kStart,
                                .latency_us = {},
                                .content = 1},
                               records),
                  Counted::Accepted);
    }
    /// Sets the first event to so many.
    void amend(std::int64_t calls, std::int64_t before) {
        std::string records;
        usage_.begin_arrival(kStart);
        const Correction correction{Correction::Kind::Amend, "test", "e", Quantity::whole(calls)};
        const FoundEvent original{{1, 0}, kStart, 0, {{0, Quantity::whole(before)}}};
        EXPECT_TRUE(usage_.correct({.source = "test",
                                    .id = "c",
                                    .time = kStart,
                                    .content = 2,
                                    .correction = correction,
                                    .original = original},
                                   records));
    }
    /// By the close of the month that began `months` after September.
    void charge(std::int64_t calls, std::int64_t cents, int months = 0) {
        const auto id = "oc_" + std::to_string(++charges_);
        db_->write_blocking([&](sql::Transaction& tx) {
            return tx.run(R"sql(
                INSERT INTO overage_charges (id, subscription_id, meter_key, period_start,
                       period_end, segment, billed_period_start, plan_version_id, quantity,
                       unit_price, amount_minor, currency, line_charge_id, line_period_start,
                       created_at)
                VALUES ($1, 'sub_1', 'api_calls', $2, $3, 0, $4, $5, $6, $7, $8, 'usd', $1, $4,
                        $3))sql",
                          {id, kSeptember.start, kSeptember.end,
                           kSeptember.start + std::chrono::days(31) * months,
                           world_.catalog().get()->plan("pro")->id, Quantity::whole(calls),
                           *UnitPrice::parse("0.02"), cents});
        });
    }
    void run(const char* statement, std::initializer_list<sql::Value> parameters = {}) {
        db_->write_blocking([&](sql::Transaction& tx) { return tx.run(statement, parameters); });
    }
    ChargeFindings check() {
        return db_->read_blocking([&](sql::Transaction& tx) { return check_charges(tx, usage_); });
    }
    /// "2 to adjust", or the first problem.
    std::string found() {
        const auto findings = check();
        if (!findings.problems.empty()) return findings.problems.front();
        return std::to_string(findings.to_adjust) + " to adjust";
    }

    std::unique_ptr<sql::Database> db_ = sql::open_test_database();
    MeteredWorld world_{*db_};
    CustomerId alice_ = world_.add_customer("alice");
    SubscriptionId subscription_ = SubscriptionId::trusted("sub_1");
    UsageState usage_;
    int charges_ = 0;
};

TEST_F(ChargeCheck, ChargesAreForWhatWasUsed) {
    EXPECT_EQ(found(), "0 to adjust") << "nothing was used";
    use(10'100);
    charge(60, 120);
    charge(40, 80, 1);
    EXPECT_EQ(found(), "0 to adjust");
}

TEST_F(ChargeCheck, LateUsageIsToBeAdjusted) {
    use(10'100);
    EXPECT_EQ(found(), "1 to adjust") << "nobody has charged it yet";
    charge(60, 120);
    EXPECT_EQ(found(), "1 to adjust");
    run("UPDATE period_closes SET state = 'pending'");
    EXPECT_EQ(found(), "1 to adjust");
    run("DELETE FROM overage_charges");
    EXPECT_EQ(found(), "0 to adjust") << "its own close is still to come";
}

TEST_F(ChargeCheck, MoreThanWasUsedIsAProblem) {
    use(10'100);
    charge(101, 202);
    EXPECT_EQ(found(),
              "sub_1, api_calls, from 1725148800000000 us on: segment 0 is charged for "
              "1000000 millionths and 2 minor units more than was used");
    charge(-1, -2, 1);
    EXPECT_EQ(found(), "0 to adjust");
}

TEST_F(ChargeCheck, AnotherAmountIsAProblem) {
    use(10'100);
    charge(100, 201);
    EXPECT_EQ(found(),
              "sub_1, api_calls, from 1725148800000000 us on: segment 0 is charged for 0 "
              "millionths and 1 minor units more than was used");
}

TEST_F(ChargeCheck, ACounterThatCanFallIsToBeAdjusted) {
    use(10'100, Meter::Aggregation::Last);
    charge(101, 202);
    EXPECT_EQ(found(), "1 to adjust");
}

TEST_F(ChargeCheck, WhatACorrectionTookBackIsToBeAdjusted) {
    use(10'101);
    charge(101, 202);
    EXPECT_EQ(found(), "0 to adjust");
    amend(10'100, 10'101);
    EXPECT_EQ(found(), "1 to adjust");
    charge(-1, -2, 1);
    EXPECT_EQ(found(), "0 to adjust");
}

TEST_F(ChargeCheck, AChargeForNothingIsAProblem) {
    charge(1, 2);
    EXPECT_EQ(found(),
              "sub_1, api_calls, from 1725148800000000 us on: charge oc_1 is for what was "
              "never used");
}

// A close looks back 93 days from where its own period begins.
TEST_F(ChargeCheck, WhatNoCloseWillLookAtIsAProblem) {
    use(10'100);
    const Instant last = kSeptember.end + kAdjustmentHorizon - Duration(1);
    const auto running_from = [&](Instant start) {
        run("UPDATE subscriptions SET period_start = $1, period_end = $1", {start});
    };
    running_from(last);
    EXPECT_EQ(found(), "1 to adjust");
    running_from(last + Duration(1));
    EXPECT_EQ(found(),
              "sub_1, api_calls, from 1725148800000000 us on: segment 0 lacks charges for "
              "100000000 millionths, and no close will look at it again");
    run("UPDATE subscriptions SET status = 'canceled', ended_at = $1", {last});
    EXPECT_EQ(found(), "1 to adjust");
}

}  // namespace
}  // namespace turnpike
