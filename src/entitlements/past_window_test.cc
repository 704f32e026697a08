#include "entitlements/past_window.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "entitlements/standing.h"
#include "entitlements/testing.h"
#include "sql/testing.h"

namespace turnpike {
namespace {

using testing::add_subscription;
using testing::kStart;
using testing::MeteredWorld;
using testing::SubscriptionRow;

/// "2024-09-15", or with a time of day "2024-09-15T12:00:00Z".
Instant at(const std::string& text) {
    return *parse_rfc3339(text.size() == 10 ? text + "T00:00:00Z" : text);
}
Period span(const char* start, const char* end) { return {at(start), at(end)}; }

class PastWindows : public sql::DatabaseTest {
protected:
    void SetUp() override {
        sql::DatabaseTest::SetUp();
        if (!IsSkipped()) world_.emplace(db());
    }
    MeteredWorld& world() { return *world_; }
    CustomerWindow running(const CustomerId& customer, Instant now) {
        return db().read_blocking([&](sql::Transaction& tx) {
            return customer_window(*load_standing(tx, world().catalog(), customer.text(), now));
        });
    }
    CustomerWindow past(const CustomerWindow& running, Instant moment) {
        return db().read_blocking([&](sql::Transaction& tx) {
            return load_past_window(tx, world().catalog(), running, moment);
        });
    }
    void add_close(const SubscriptionId& subscription, const Period& period) {
        db().write_blocking([&](sql::Transaction& tx) {
            return tx.run(R"sql(
                INSERT INTO period_closes (subscription_id, period_start, period_end, provider,
                       placement, provider_invoice_id, state, created_at, closed_at)
                VALUES ($1, $2, $3, 'stripe', 'undecided', '', 'done', $3, $3))sql",
                          {subscription, period.start, period.end});
        });
    }
    std::optional<MeteredWorld> world_;
};

bool is_same(const CustomerWindow& one, const CustomerWindow& other) {
    return one.contract == other.contract && one.period.start == other.period.start;
}

constexpr std::nullopt_t kDefault = std::nullopt;

struct Case {
    const char* name;
    std::vector<SubscriptionRow> rows;
    std::vector<Period> closes;  ///< of the first subscription
    const char* created;
    const char* now;
    const char* moment;
    std::optional<std::size_t> contract;  ///< of `rows`; absent: the default plan
    Period period;
};

/// The customer was created on the 5th of June where a case does not say otherwise.
std::vector<Case> some_cases() {
    const SubscriptionRow active{.started_at = at("2024-07-01")};
    const Period september = span("2024-09-01", "2024-10-01"),
                 august = span("2024-08-01", "2024-09-01");
    SubscriptionRow month_end = active, trial = active, moved = active, unpaid = active,
                    ended = active, canceled = active, ends = active, next = active,
                    expired = active, young = active;
    month_end.period = span("2024-02-29", "2024-03-31");
    month_end.started_at = at("2024-01-31");
    trial.started_at = at("2024-08-18");
    moved.period = span("2024-08-20", "2024-09-20");
    unpaid.status = "unpaid";
    ended.status = expired.status = "canceled";
    ended.ended_at = at("2024-09-10");
    canceled.cancel_at = at("2024-09-10");
    ends.cancel_at_period_end = true;
    next.started_at = at("2024-09-10");
    next.period = span("2024-09-10", "2024-10-10");
    expired.status = "incomplete_expired";
    expired.started_at = at("2024-08-01");
    expired.ended_at = at("2024-08-02");
    young.started_at = at("2024-08-10");
    young.period = span("2024-09-10", "2024-10-10");
    const char *june = "2024-06-05", *now = "2024-09-15";
    const Period of_june_5th = span("2024-08-05", "2024-09-05");
    return {
        {"the period before", {active}, {}, june, now, "2024-08-20", 0, august},
        {"its last microsecond", {active}, {}, june, now, "2024-08-31T23:59:59.999999Z", 0, august},
        {"the one before that",
         {active},
         {},
         june,
         now,
         "2024-07-20",
         0,
         span("2024-07-01", "2024-08-01")},
        {"before it began", {young}, {}, june, "2024-09-20", "2024-08-09", kDefault, of_june_5th},
        {"from its first moment on",
         {young},
         {},
         june,
         "2024-09-20",
         "2024-08-10",
         0,
         span("2024-08-10", "2024-09-10")},
        {"nobody's but the default plan's", {}, {}, june, now, "2024-08-09", kDefault, of_june_5th},
        {"before the customer was there",
         {},
         {},
         "2024-08-05",
         now,
         "2024-07-20",
         kDefault,
         of_june_5th},
        {"an anchor on the 31st",
         {month_end},
         {},
         "2024-01-01",
         "2024-03-15",
         "2024-02-10",
         0,
         span("2024-01-31", "2024-02-29")},
        {"a trial that nobody closed",
         {trial},
         {},
         june,
         now,
         "2024-08-25",
         0,
         span("2024-08-18", "2024-09-01")},
        {"a trial that was closed",
         {trial},
         {span("2024-08-18", "2024-09-01")},
         june,
         now,
         "2024-08-25",
         0,
         span("2024-08-18", "2024-09-01")},
        {"a cycle that was moved", {moved}, {august}, june, now, "2024-08-10", 0, august},
        {"and moved on",
         {moved},
         {august},
         june,
         now,
         "2024-08-25",
         0,
         span("2024-08-20", "2024-09-20")},
        {"the cycle before it was moved, which nobody closed",
         {moved},
         {},
         june,
         now,
         "2024-08-10",
         0,
         span("2024-07-20", "2024-08-20")},
        {"a hole in what was closed",
         {active},
         {span("2024-07-01", "2024-07-15")},
         june,
         now,
         "2024-07-20",
         0,
         span("2024-07-15", "2024-08-01")},
        {"before its end", {ended}, {september}, june, now, "2024-09-05", 0, september},
        {"from its end on",
         {ended},
         {september},
         june,
         now,
         "2024-09-10",
         kDefault,
         span("2024-09-05", "2024-10-05")},
        {"what closed the days behind its end is no period of its own",
         {ended},
         {september, span("2024-09-12", "2024-09-13")},
         june,
         now,
         "2024-08-20",
         0,
         august},
        {"two contracts: the first", {ended, next}, {}, june, now, "2024-09-09", 0, september},
        {"two contracts: the second",
         {ended, next},
         {},
         june,
         now,
         "2024-09-12",
         1,
         span("2024-09-10", "2024-10-10")},
        {"before a period that was not paid", {unpaid}, {}, june, now, "2024-08-20", 0, august},
        {"in a period that was not paid",
         {unpaid},
         {},
         june,
         now,
         "2024-09-04",
         kDefault,
         of_june_5th},
        {"before it was to end", {canceled}, {}, june, now, "2024-09-09", 0, september},
        {"after it was to end",
         {canceled},
         {},
         june,
         now,
         "2024-09-10",
         kDefault,
         span("2024-09-05", "2024-10-05")},
        {"the period that it was to end with",
         {ends},
         {},
         june,
         "2024-10-04",
         "2024-09-30",
         0,
         september},
        {"behind that",
         {ends},
         {},
         june,
         "2024-10-07",
         "2024-10-02",
         kDefault,
         span("2024-09-05", "2024-10-05")},
        {"one that never gave anything",
         {expired},
         {},
         june,
         now,
         "2024-08-01T12:00:00Z",
         kDefault,
         span("2024-07-05", "2024-08-05")},
        {"renewals that are not mirrored yet",
         {active},
         {},
         june,
         "2024-11-20",
         "2024-10-10",
         0,
         span("2024-10-01", "2024-11-01")},
        {"the mirrored one before those",
         {active},
         {},
         june,
         "2024-11-20",
         "2024-09-10",
         0,
         september},
    };
}

TEST_P(PastWindows, UsageGoesToTheContractAndThePeriodOfItsMoment) {
    int number = 0;
    for (const Case& c : some_cases()) {
        SCOPED_TRACE(c.name);
        const auto customer =
            world().add_customer("customer" + std::to_string(number++), at(c.created));
        std::vector<SubscriptionId> subscriptions;
        for (const SubscriptionRow& row : c.rows)
            subscriptions.push_back(add_subscription(world(), customer, row));
        for (const Period& period : c.closes) add_close(subscriptions.front(), period);

        const auto now = running(customer, at(c.now));
        const auto found = past(now, at(c.moment));
        EXPECT_EQ(found.contract, c.contract ? Contract(subscriptions[*c.contract]) : Contract());
        EXPECT_EQ(found.plan->key, c.contract ? "pro" : "free");
        EXPECT_EQ(format_rfc3339(found.period.start), format_rfc3339(c.period.start));
        EXPECT_EQ(format_rfc3339(found.period.end), format_rfc3339(c.period.end));
        EXPECT_EQ(found.revision, kPastRevision);

        // It is of all moments of its span, and of no other.
        EXPECT_TRUE(is_same(past(now, found.until - Duration(1)), found));
        if (found.until <= now.now) {
            EXPECT_FALSE(is_same(past(now, found.until), found));
        }
        if (found.since > Instant::min()) {
            EXPECT_TRUE(is_same(past(now, found.since), found));
            EXPECT_FALSE(is_same(past(now, found.since - Duration(1)), found));
        }
        // So is the running one.
        EXPECT_TRUE(is_same(past(now, now.since), now));
        EXPECT_FALSE(is_same(past(now, now.since - Duration(1)), now));
    }
}

TEST_P(PastWindows, APeriodIsAsLongAsItsPriceSays) {
    const auto customer = world().add_customer("yearly", at("2020-01-01"));
    add_subscription(world(), customer,
                     {.period = span("2024-02-29", "2025-02-28"), .started_at = at("2020-02-29")});
    db().write_blocking(
        [&](sql::Transaction& tx) { return tx.run("UPDATE prices SET interval = 'year'", {}); });
    const auto found = past(running(customer, at("2024-03-20")), at("2024-02-10"));
    EXPECT_EQ(found.period, span("2023-02-28", "2024-02-29"));
    EXPECT_EQ(found.since, found.period.start);
}

// The default plan's months begin when the customer does, and he begins in the clock's time.
TEST_P(PastWindows, ATestClocksTimeIsTheCustomers) {
    const auto customer = world().add_customer("timely", at("2030-05-05"));
    db().write_blocking([&](sql::Transaction& tx) {
        tx.run(R"sql(
            INSERT INTO test_clocks (id, name, provider, provider_clock_id, frozen_time, created_at)
            VALUES ('clock_1', 'test', 'stripe', 'clock_x', $1, $1))sql",
               {at("2030-07-10")});
        return tx.run("UPDATE customers SET test_clock_id = 'clock_1' WHERE id = $1", {customer});
    });
    const auto now = running(customer, kStart);
    EXPECT_EQ(now.since, at("2030-07-05"));
    EXPECT_EQ(past(now, at("2030-06-10")).period, span("2030-06-05", "2030-07-05"));
}

INSTANTIATE_TEST_SUITE_P(, PastWindows, sql::both_engines(), sql::engine_name);

}  // namespace
}  // namespace turnpike
