#include <gtest/gtest.h>

#include "json/value.h"
#include "monitoring/drift.h"
#include "monitoring/finding_store.h"
#include "monitoring/observe.h"
#include "monitoring/risk.h"
#include "monitoring/testing.h"

namespace turnpike {
namespace {

using std::chrono::days, std::chrono::hours, std::chrono::seconds;
using Lines = std::vector<std::string>;

class FindingsTest : public MonitoringTest {
protected:
    /// One pass, as the monitor makes it.
    std::vector<Finding> findings(FindingQuery query = {}) {
        return db().read_blocking([&](sql::Transaction& tx) { return list_findings(tx, query); });
    }
    /// "expiring cancel_at", the newest first.
    Lines lines(FindingQuery::State state = FindingQuery::State::Open) {
        Lines lines;
        for (const auto& finding : findings({.state = state}))
            lines.push_back(std::string(to_text(finding.what.kind)) + " " + finding.what.reason);
        std::ranges::sort(lines);
        return lines;
    }
    /// Types of the outbox's events, in order.
    Lines told() {
        Lines told;
        for (const auto& row : db().read_blocking([](sql::Transaction& tx) {
                 return tx.all(
                     "SELECT type FROM outbox_events WHERE type LIKE 'finding.%' "
                     "ORDER BY object_id, sequence");
             }))
            told.push_back(row.text(0));
        return told;
    }
    void event(const char* id, const char* state, Instant received_at) {
        run_sql(R"sql(INSERT INTO inbox_events (id, provider, provider_event_id, identity, type,
                      payload, state, attempts, next_attempt_at, received_at)
                      VALUES ($1, 'stripe', $1, $1, 'x', '{}', $2, 1, 0, $3))sql",
                {id, state, received_at});
    }
};
INSTANTIATE_TEST_SUITE_P(Engines, FindingsTest, sql::both_engines(), sql::engine_name);

TEST_P(FindingsTest, OneForWhatEndsUntilItDoesNotEnd) {
    const auto made = subscribe({"alice"}, [](auto& s) { s.cancel_at = kWatchNow + days(3); });
    EXPECT_EQ(pass().opened, 1);
    EXPECT_EQ(pass().opened, 0);
    auto open = findings();
    ASSERT_EQ(open.size(), 1);
    EXPECT_EQ(open[0].what.kind, FindingKind::Expiring);
    EXPECT_EQ(open[0].what.reason, "cancel_at");
    EXPECT_EQ(open[0].what.period, "2026-03-05T00:00:00Z");
    EXPECT_EQ(open[0].what.subscription, made.id.text());
    EXPECT_EQ(open[0].what.customer, made.customer.text());
    EXPECT_EQ(open[0].what.catalog, "api-metering");
    EXPECT_EQ(open[0].opened_at, kWatchNow);
    const auto facts = *parse_json(open[0].what.facts);
    EXPECT_EQ(facts["external_id"], "alice");
    EXPECT_EQ(facts["plan"], "pro");
    EXPECT_EQ(told(), Lines{"finding.opened"});

    run_sql("UPDATE subscriptions SET cancel_at = NULL WHERE id = $1", {made.id});
    EXPECT_EQ(pass(kWatchNow + seconds(60)).closed, 1);
    EXPECT_TRUE(findings().empty());
    const auto closed = findings({.state = FindingQuery::State::Closed});
    ASSERT_EQ(closed.size(), 1);
    EXPECT_EQ(closed[0].closed_at, kWatchNow + seconds(60));
    EXPECT_EQ(told(), (Lines{"finding.opened", "finding.closed"}));

    // The same end again is the same finding, and no news.
    run_sql("UPDATE subscriptions SET cancel_at = $2 WHERE id = $1",
            {made.id, kWatchNow + days(3)});
    pass(kWatchNow + seconds(120));
    open = findings();
    ASSERT_EQ(open.size(), 1);
    EXPECT_EQ(open[0].id, closed[0].id);
    EXPECT_EQ(told().size(), 2);
    // Another end is another one.
    run_sql("UPDATE subscriptions SET cancel_at = $2 WHERE id = $1",
            {made.id, kWatchNow + days(4)});
    const auto moved = pass(kWatchNow + seconds(180));
    EXPECT_EQ(moved.opened, 1);
    EXPECT_EQ(moved.closed, 1);
    EXPECT_EQ(findings({.state = FindingQuery::State::All}).size(), 2);
}

TEST_P(FindingsTest, EveryKindIsFound) {
    subscribe({"trial"}, [](auto& s) {
        s.status = SubscriptionStatus::Trialing;
        s.trial_start = s.period.start;
        s.trial_end = s.period.end = kWatchNow + days(5);
    });
    subscribe({"late"}, [](auto& s) { s.status = SubscriptionStatus::PastDue; });
    card(subscribe({"soon"}), kWatchNow + days(19));
    card(subscribe({"over"}), kWatchNow - days(1));
    card(subscribe({"good"}), kWatchNow + days(50));
    card(subscribe({"endless"}), std::nullopt);
    card(subscribe({"leaves"}, [](auto& s) { s.cancel_at_period_end = true; }), kWatchNow);
    event("evt_fresh", "pending", kWatchNow - seconds(600));
    EXPECT_EQ((pass(kWatchNow, {{"command", 900}}), lines()),
              (Lines{"card_expiring card_expired", "card_expiring card_expires_before_charge",
                     "payment_failing past_due", "trial_ending trial_end"}));
    // A microsecond more than ten minutes, and a second more than the threshold.
    event("evt_old", "pending", kWatchNow - seconds(600) - std::chrono::microseconds(1));
    pass(kWatchNow, {{"command", 901, "sub_1"}, {"notice", 0}});
    EXPECT_EQ(lines().back(), "webhook_backlog events_wait");
    const auto late = findings({.kind = FindingKind::LateAction}).at(0).what;
    EXPECT_EQ(late.object, "command");
    EXPECT_EQ(parse_json(late.facts)->at("oldest"), "sub_1");
    event("evt_dead", "dead", kWatchNow);
    pass(kWatchNow, {{"command", 0}});
    EXPECT_EQ(lines().back(), "webhook_backlog events_given_up");
    EXPECT_TRUE(findings({.kind = FindingKind::LateAction}).empty());
}

TEST_P(FindingsTest, IncidentsThatComeBackAreNewOnes) {
    pass(kWatchNow, {{"command", 1000}});
    pass(kWatchNow + seconds(60), {{"command", 0}});
    pass(kWatchNow + seconds(120), {{"command", 1000}});
    const auto all = findings({.state = FindingQuery::State::All});
    ASSERT_EQ(all.size(), 2);
    EXPECT_EQ(all[0].what.period, "2026-03-02T00:02:00Z");
    EXPECT_EQ(all[1].what.period, "2026-03-02T00:00:00Z");
    EXPECT_EQ(all[1].closed_at, kWatchNow + seconds(60));
}

TEST_P(FindingsTest, ListsAreNarrowedAndComeInPages) {
    subscribe({"alice"}, [](auto& s) { s.cancel_at = kWatchNow + days(3); });
    const auto bob = subscribe({"bob", "learning-app", "premium"},
                               [](auto& s) { s.cancel_at = kWatchNow + days(3); });
    pass();
    EXPECT_EQ(findings({.catalog = "learning-app"}).at(0).what.customer, bob.customer.text());
    EXPECT_EQ(findings({.subscription = bob.id.text()}).size(), 1);
    EXPECT_EQ(findings({.customer = bob.customer.text()}).size(), 1);
    EXPECT_TRUE(findings({.kind = FindingKind::Drift}).empty());
    FindingQuery first{.page = {.limit = 1}};
    auto rows = findings(first);
    ASSERT_EQ(rows.size(), 2);
    first.page.after = mark_of(rows[0]);
    EXPECT_EQ(findings(first).at(0).id, rows[1].id);
}

TEST_P(FindingsTest, WhatRecursOfThemIsAtRisk) {
    // Published: PRO $99.00 a month, Premium $9.99. Three seats of Premium: $29.97.
    subscribe({"alice"}, [](auto& s) { s.cancel_at = kWatchNow + days(3); });
    const auto late = subscribe({"bob", "learning-app", "premium"}, [](auto& s) {
        s.status = SubscriptionStatus::PastDue;
        s.quantity = 3;
    });
    card(late, kWatchNow);
    subscribe({"fine"});
    subscribe({"unpaid"}, [](auto& s) { s.status = SubscriptionStatus::Unpaid; });
    pass();
    const auto risk = [&](const std::string& catalog) {
        return db().read_blocking(
            [&](sql::Transaction& tx) { return load_revenue_at_risk(tx, catalog, kWatchNow); });
    };
    ASSERT_EQ(risk("").size(), 1);
    EXPECT_EQ(risk("")[0].monthly, (Money{9900 + 3 * 999, Currency::Usd}));
    EXPECT_EQ(risk("")[0].subscriptions, 2);
    EXPECT_EQ(risk("learning-app")[0].monthly, (Money{2997, Currency::Usd}));
    EXPECT_TRUE(risk("attribution").empty());
}

// A pause is over at its date, and a plan that nobody pays when its grace ends: as for the MRR.
TEST_P(FindingsTest, WhatIsAtRiskCountsAsTheMrrDoes) {
    const auto ends_soon = [](auto& s) { s.cancel_at = kWatchNow + days(3); };
    const auto paused = subscribe({"paused"}, ends_soon);
    const auto late = subscribe({"late", "learning-app", "premium"},
                                [](auto& s) { s.status = SubscriptionStatus::PastDue; });
    card(late, kWatchNow);
    pass();
    run_sql("UPDATE subscriptions SET pause_behavior = 'void', resumes_at = $2 WHERE id = $1",
            {paused.id, kWatchNow + hours(1)});
    run_sql("UPDATE subscriptions SET grace_ends_at = $2 WHERE id = $1",
            {late.id, kWatchNow + hours(1)});
    const auto risk = [&](Instant now) {
        return db().read_blocking(
            [&](sql::Transaction& tx) { return load_revenue_at_risk(tx, "", now); });
    };
    ASSERT_EQ(risk(kWatchNow).size(), 1);
    EXPECT_EQ(risk(kWatchNow)[0].monthly, (Money{999, Currency::Usd})) << "Premium, in its grace";
    ASSERT_EQ(risk(kWatchNow + hours(1)).size(), 1);
    EXPECT_EQ(risk(kWatchNow + hours(1))[0].monthly, (Money{9900, Currency::Usd})) << "PRO resumed";
}

// PRO is $99.00: less 10 % it is $89.10, and less all of it there is nothing to lose.
TEST_P(FindingsTest, WhatIsAtRiskIsNetOfDiscounts) {
    const auto ends_soon = [](auto& s) { s.cancel_at = kWatchNow + days(3); };
    const auto discounted = subscribe({"tenth"}, ends_soon);
    const auto free = subscribe({"free"}, ends_soon);
    subscribe({"whole"}, ends_soon);
    for (const auto& [subscription, percent] :
         {std::pair{discounted.id, 100'000}, std::pair{free.id, 1'000'000}})
        run_sql(R"sql(INSERT INTO subscription_discounts (subscription_id, provider_discount_id,
                      from_number, position, duration, percent_scaled)
                      VALUES ($1, 'di', 1, 0, 'forever', $2))sql",
                {subscription, percent});
    pass();
    const auto risk = db().read_blocking(
        [&](sql::Transaction& tx) { return load_revenue_at_risk(tx, "", kWatchNow); });
    ASSERT_EQ(risk.size(), 1);
    EXPECT_EQ(risk[0].monthly, (Money{8910 + 9900, Currency::Usd}));
    EXPECT_EQ(risk[0].subscriptions, 2);
}

TEST_P(FindingsTest, DriftIsOpenUntilAComparisonFindsItNoMore) {
    const auto made = subscribe({"alice"});
    const auto compared = [&](const std::vector<Drift>& found, Instant now) {
        db().write_blocking([&](sql::Transaction& tx) {
            record_drift(tx, "stripe", found, now, ids);
            return true;
        });
    };
    const Drift second{"sub_of_alice", "quantity", "1", "2", false};
    const Drift mended{"sub_of_alice", "status", "active", "past_due", true};
    compared({second, mended}, kWatchNow);
    const auto open = findings();
    ASSERT_EQ(open.size(), 1);
    EXPECT_EQ(open[0].what.object, "stripe:sub_of_alice:quantity");
    EXPECT_EQ(open[0].what.subscription, made.id.text());
    EXPECT_EQ((*parse_json(open[0].what.facts))["at_provider"], "2");
    const auto closed = findings({.state = FindingQuery::State::Closed});
    ASSERT_EQ(closed.size(), 1);
    EXPECT_EQ(closed[0].what.reason, "status");
    EXPECT_EQ((*parse_json(closed[0].what.facts))["repaired"], true);
    EXPECT_EQ(told(), (Lines{"finding.opened", "finding.opened"}));

    pass(kWatchNow + seconds(60));  // the monitor leaves drift to reconciliation
    EXPECT_EQ(findings().size(), 1);
    compared({}, kWatchNow + seconds(3600));
    EXPECT_TRUE(findings().empty());
}

}  // namespace
}  // namespace turnpike
