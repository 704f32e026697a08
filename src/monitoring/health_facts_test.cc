#include "monitoring/health_facts.h"

#include <gtest/gtest.h>

#include "metering/sql/sql_usage.h"
#include "monitoring/testing.h"

namespace turnpike {
namespace {

using std::chrono::days;

class HealthFactsTest : public MonitoringTest {
protected:
    HealthSignals signals(const Subscription& of) {
        SqlUsage usage(db(), ids);
        CatalogCache catalog;
        catalog.reload(db());
        const auto loaded = db().read_blocking([&](sql::Transaction& tx) {
            return load_health_signals(tx, {usage, catalog}, of.id, kWatchNow);
        });
        return loaded.value();
    }
    void used(const Subscription& by, Instant day, std::int64_t units) {
        run_sql(R"sql(INSERT INTO usage_rollups (customer_id, meter_key, span, starts_at, route,
                      events, units, millionths, latencies)
                      VALUES ($1, 'api_calls', 'day', $2, '', 1, $3, 500000, ''))sql",
                {by.customer, day, units});
    }
};
INSTANTIATE_TEST_SUITE_P(Engines, HealthFactsTest, sql::both_engines(), sql::engine_name);

TEST_P(HealthFactsTest, ReadsWhatTheLedgerKnows) {
    const auto made = subscribe({"alice"}, [](auto& s) {
        s.status = SubscriptionStatus::PastDue;
        s.cancel_at_period_end = true;
        s.started_at = kWatchNow - days(43);
    });
    add_invoice(made, {.id = "in_open",
                       .due_minor = 2900,
                       .attempts = 3,
                       .next_attempt_at = kWatchNow + days(2)});
    add_invoice(made, {.id = "in_paid", .attempts = 2, .issued_at = kWatchNow - days(31)});
    run_sql("UPDATE invoices SET status = 'paid', paid_at = $1 WHERE id = 'in_paid'",
            {kWatchNow - days(30)});
    run_sql("INSERT INTO default_cards VALUES ($1, 'stripe', 'pm_1', 'visa', '4242', $2, $2, 0)",
            {made.customer, kWatchNow + days(5)});
    used(made, kWatchNow, 1000);             // today is not over
    used(made, kWatchNow - days(1), 10);     // 10.5
    used(made, kWatchNow - days(14), 5);     // 5.5: 16 in the last fourteen days
    used(made, kWatchNow - days(15), 40);    // 40.5
    used(made, kWatchNow - days(42), 20);    // 20.5: 61 in the 28 days before
    used(made, kWatchNow - days(43), 7000);  // longer ago

    const auto seen = signals(made);
    EXPECT_EQ(seen.status, SubscriptionStatus::PastDue);
    EXPECT_EQ(seen.ends_at, made.period.end);
    EXPECT_EQ(seen.amount_due, (Money{2900, Currency::Usd}));
    EXPECT_EQ(seen.attempts, 3);
    EXPECT_EQ(seen.next_attempt_at, kWatchNow + days(2));
    EXPECT_EQ(seen.troubled_invoices, 1);
    ASSERT_TRUE(seen.card.has_value());
    EXPECT_TRUE(seen.card->is_there);
    EXPECT_EQ(seen.card->good_until, kWatchNow + days(5));
    ASSERT_EQ(seen.trends.size(), 1);
    EXPECT_TRUE(seen.trends[0].recent == 16'000'000);
    EXPECT_TRUE(seen.trends[0].before == 61'000'000);
    EXPECT_EQ(seen.seats.has_value(), false);
}

TEST_P(HealthFactsTest, AYoungSubscriptionHasNoTrend) {
    const auto made = subscribe({"alice"});  // since ten days
    used(made, kWatchNow - days(1), 10);
    EXPECT_TRUE(signals(made).trends.empty());
    EXPECT_FALSE(signals(made).card.has_value());
}

TEST_P(HealthFactsTest, SeatsAreAnOrganizationsMembers) {
    const auto made = subscribe({"org"}, [](auto& s) { s.quantity = 4; });
    run_sql(R"sql(INSERT INTO organizations (id, slug, name, customer_id, deactivated_by,
                  created_at, version) VALUES ('org_1', 'o', 'O', $1, '', 0, 1))sql",
            {made.customer});
    const auto seen = signals(made);
    ASSERT_TRUE(seen.seats.has_value());
    EXPECT_EQ(seen.seats->paid, 4);
    EXPECT_EQ(seen.seats->taken, 0);
}

TEST_P(HealthFactsTest, AnEndedOneIsCanceled) {
    const auto made = subscribe({"alice"}, [](auto& s) {
        s.status = SubscriptionStatus::Canceled;
        s.ended_at = kWatchNow;
    });
    EXPECT_EQ(signals(made).status, SubscriptionStatus::Canceled);
    EXPECT_EQ(score_health(signals(made)).score, 0);
}

}  // namespace
}  // namespace turnpike
