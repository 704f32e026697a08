#include "monitoring/watch_list.h"

#include <gtest/gtest.h>

#include "monitoring/testing.h"

namespace turnpike {
namespace {

using std::chrono::days;

class WatchListTest : public MonitoringTest {
protected:
    std::vector<ExpiringSubscription> expiring(days ahead, WatchQuery query = {}) {
        query.now = kWatchNow;
        return db().read_blocking(
            [&](sql::Transaction& tx) { return list_expiring(tx, query, ahead); });
    }
    std::vector<FailingSubscription> failing(WatchQuery query = {}) {
        query.now = kWatchNow;
        return db().read_blocking([&](sql::Transaction& tx) { return list_failing(tx, query); });
    }
    /// "alice cancel_at 3": who, why, in how many days.
    static std::vector<std::string> lines(const std::vector<ExpiringSubscription>& rows) {
        std::vector<std::string> lines;
        for (const auto& row : rows)
            lines.push_back(row.subscription.external_id + " " + std::string(to_text(row.reason)) +
                            " " + std::to_string((row.at - kWatchNow) / days(1)));
        return lines;
    }
    using Lines = std::vector<std::string>;
};
INSTANTIATE_TEST_SUITE_P(Engines, WatchListTest, sql::both_engines(), sql::engine_name);

void on_trial(Subscription& subscription, days left) {
    subscription.status = SubscriptionStatus::Trialing;
    subscription.trial_start = subscription.period.start;
    subscription.trial_end = subscription.period.end = kWatchNow + left;
}

TEST_P(WatchListTest, ExpiringIsWhatEndsAndTrialsThatDo) {
    subscribe({"stays"});
    subscribe({"with_period"}, [](auto& s) { s.cancel_at_period_end = true; });
    subscribe({"on_date"}, [](auto& s) { s.cancel_at = kWatchNow + days(3); });
    subscribe({"trial"}, [](auto& s) { on_trial(s, days(5)); });
    subscribe({"trial_then_end"}, [](auto& s) {
        on_trial(s, days(2));
        s.cancel_at = kWatchNow + days(4);
    });
    subscribe({"trial_is_the_end"}, [](auto& s) {
        on_trial(s, days(6));
        s.cancel_at_period_end = true;
        s.cancel_at = s.period.end;
    });
    subscribe({"late"}, [](auto& s) { s.cancel_at = kWatchNow - days(1); });
    subscribe({"gone"}, [](auto& s) {
        s.cancel_at = kWatchNow - days(1);
        s.ended_at = kWatchNow - days(1);
        s.status = SubscriptionStatus::Canceled;
    });

    EXPECT_EQ(lines(expiring(days(7))),
              (Lines{"late cancel_at -1", "trial_then_end trial_end 2", "on_date cancel_at 3",
                     "trial trial_end 5", "trial_is_the_end cancel_at_period_end 6"}));
    // The period ends in twenty days: not within twenty, and within twenty-one.
    EXPECT_EQ(lines(expiring(days(20))).size(), 5);
    EXPECT_EQ(lines(expiring(days(21))).back(), "with_period cancel_at_period_end 20");
}

TEST_P(WatchListTest, ExpiringSaysWhoseAndOfWhat) {
    const auto made = subscribe({"alice", "learning-app", "premium"}, [](auto& s) {
        on_trial(s, days(1));
        s.quantity = 3;
        s.trial_end_behavior = TrialEndBehavior::Pause;
    });
    const auto rows = expiring(days(7), {.catalog = "learning-app"});
    ASSERT_EQ(rows.size(), 1);
    const auto& seen = rows[0].subscription;
    EXPECT_EQ(seen.id, made.id);
    EXPECT_EQ(seen.customer, made.customer);
    EXPECT_EQ(seen.external_id, "learning-app~alice");
    EXPECT_EQ(seen.email, "alice@example.com");
    EXPECT_EQ(seen.catalog, "learning-app");
    EXPECT_EQ(seen.plan, "premium");
    EXPECT_EQ(seen.amount, (Money{999, Currency::Usd}));  // $9.99 in the published catalog
    EXPECT_EQ(seen.quantity, 3);
    EXPECT_EQ(seen.status, SubscriptionStatus::Trialing);
    EXPECT_EQ(rows[0].trial_end_behavior, TrialEndBehavior::Pause);
    EXPECT_TRUE(expiring(days(7), {.catalog = "api-metering"}).empty());
}

TEST_P(WatchListTest, PagesGoOnWhereTheLastOneEnded) {
    for (const char* name : {"a", "b", "c", "d", "e"})
        subscribe({name}, [](auto& s) { s.cancel_at = kWatchNow + days(2); });
    Lines seen;
    WatchQuery query{.page = {.limit = 2}};
    for (int page = 0; page < 3; ++page) {
        auto rows = expiring(days(7), query);
        if (rows.size() > 2) rows.erase(rows.begin() + 2, rows.end());
        for (const auto& row : rows) seen.push_back(row.subscription.external_id);
        query.page.after = mark_of(rows.back());
    }
    EXPECT_TRUE(expiring(days(7), query).empty());
    std::ranges::sort(seen);
    EXPECT_EQ(seen, (Lines{"a", "b", "c", "d", "e"}));
}

TEST_P(WatchListTest, CustomersOnATestClockAreSeenInTheirTime) {
    const auto made = subscribe({"later"}, [](auto& s) { s.cancel_at = kWatchNow + days(100); });
    EXPECT_TRUE(expiring(days(7)).empty());
    run_sql(R"sql(INSERT INTO test_clocks (id, name, provider, provider_clock_id, frozen_time,
                  created_at) VALUES ('clock_1', '', 'stripe', 'clock_1', $1, $1))sql",
            {kWatchNow + days(95)});
    run_sql("UPDATE customers SET test_clock_id = 'clock_1' WHERE id = $1", {made.customer});
    EXPECT_EQ(lines(expiring(days(7))), Lines{"later cancel_at 100"});
}

TEST_P(WatchListTest, FailingSaysWhatIsOwedAndWhy) {
    subscribe({"pays"});
    const auto late = subscribe({"late"}, [](auto& s) {
        s.status = SubscriptionStatus::PastDue;
        s.grace_ends_at = kWatchNow + days(4);
    });
    subscribe({"waits"}, [](auto& s) { s.status = SubscriptionStatus::Incomplete; });
    add_invoice(late, {.id = "in_1",
                       .due_minor = 2900,
                       .attempts = 2,
                       .issued_at = kWatchNow - days(3),
                       .next_attempt_at = kWatchNow + days(5)});
    add_invoice(late, {.id = "in_2",
                       .due_minor = 100,
                       .attempts = 1,
                       .issued_at = kWatchNow - days(1),
                       .next_attempt_at = kWatchNow + days(2)});

    const auto rows = failing();
    ASSERT_EQ(rows.size(), 2);
    // The period of the incomplete one began ten days ago, the invoice is three days old.
    EXPECT_EQ(rows[0].subscription.external_id, "waits");
    EXPECT_EQ(rows[0].amount_due.minor(), 0);
    const auto& row = rows[1];
    EXPECT_EQ(row.subscription.external_id, "late");
    EXPECT_EQ(row.subscription.status, SubscriptionStatus::PastDue);
    EXPECT_EQ(row.since, kWatchNow - days(3));
    EXPECT_EQ(row.amount_due, (Money{3000, Currency::Usd}));  // $29.00 and $1.00
    EXPECT_EQ(row.attempts, 2);
    EXPECT_EQ(row.next_attempt_at, kWatchNow + days(2)) << "the sooner one";
    EXPECT_FALSE(rows[0].next_attempt_at);
    EXPECT_EQ(row.grace_ends_at, kWatchNow + days(4));
    EXPECT_EQ(failing({.catalog = "learning-app"}).size(), 0);
}

TEST_P(WatchListTest, WhatIsPastItsGraceIsShownUnpaid) {
    subscribe({"over"}, [](auto& s) {
        s.status = SubscriptionStatus::PastDue;
        s.grace_ends_at = kWatchNow;
    });
    ASSERT_EQ(failing().size(), 1);
    EXPECT_EQ(failing()[0].subscription.status, SubscriptionStatus::Unpaid);
}

}  // namespace
}  // namespace turnpike
