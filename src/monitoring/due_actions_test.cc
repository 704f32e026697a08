#include "monitoring/due_actions.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "monitoring/testing.h"

namespace turnpike {
namespace {

using std::chrono::hours, std::chrono::seconds;

class DueActionsTest : public MonitoringTest {
protected:
    /// "period_close 90": what is late, and how much.
    std::vector<std::string> late(Letters letters = Letters::Sent) {
        const auto lags = db().read_blocking(
            [&](sql::Transaction& tx) { return load_action_lags(tx, letters, kWatchNow); });
        std::vector<std::string> lines;
        for (const auto& lag : lags)
            if (lag.seconds > 0)
                lines.push_back(std::string(lag.action) + " " + std::to_string(lag.seconds));
        return lines;
    }
    /// What is due the longest of one kind.
    std::string oldest(std::string_view action) {
        const auto lags = db().read_blocking(
            [&](sql::Transaction& tx) { return load_action_lags(tx, Letters::Sent, kWatchNow); });
        return std::ranges::find(lags, action, &ActionLag::action)->object;
    }
    void add_endpoint() {
        run_sql(R"sql(INSERT INTO webhook_endpoints (id, kind, target, description, events, state,
                      disabled_reason, paused_until, previous_until, created_at, updated_at,
                      version)
                      VALUES ('we_1', 'endpoint', 'https://example.com', '', '["*"]', 'enabled',
                              '', 0, 0, 0, 0, 1))sql");
    }
    /// 'whd_<sequence>' to that endpoint, about one invoice.
    void add_delivery(int sequence, Instant next) {
        const std::string number = std::to_string(sequence);
        run_sql(
            "INSERT INTO outbox_events VALUES ($1, 'invoice.paid', 'inv_1', $2, '', '{}', 0, "
            "1)",
            {"evt_" + number, sequence});
        run_sql(R"sql(INSERT INTO webhook_deliveries (id, endpoint_id, event_id, object_id,
                      sequence, state, attempts, tries_made, next_attempt_at, leased_until,
                      created_at)
                      VALUES ($1, 'we_1', $2, 'inv_1', $3, 'pending', 0, 0, $4, 0, 0))sql",
                {"whd_" + number, "evt_" + number, sequence, next});
    }
    using Lines = std::vector<std::string>;
};
INSTANTIATE_TEST_SUITE_P(Engines, DueActionsTest, sql::both_engines(), sql::engine_name);

TEST_P(DueActionsTest, NothingIsDueInAQuietLedger) {
    subscribe({"alice"});
    EXPECT_EQ(late(), Lines{});
}

TEST_P(DueActionsTest, CommandsAndClosesAreDueAtOnce) {
    const auto made = subscribe({"alice"});
    run_sql(R"sql(INSERT INTO subscription_commands (id, subscription_id, kind, first_payment,
                  state, actor, request_id, created_at)
                  VALUES ('cmd_1', $1, 'keep', 'or_nothing', 'pending', 'test', '', $2))sql",
            {made.id, kWatchNow - seconds(90)});
    run_sql(R"sql(INSERT INTO period_closes (subscription_id, period_start, period_end, provider,
                  placement, provider_invoice_id, state, created_at)
                  VALUES ($1, 0, 1, 'stripe', 'undecided', '', 'pending', $2))sql",
            {made.id, kWatchNow - seconds(30)});
    EXPECT_EQ(late(), (Lines{"command 90", "period_close 30"}));
    EXPECT_EQ(oldest("command"), made.id.text());
    EXPECT_EQ(oldest("period_close"), made.id.text());
    EXPECT_EQ(oldest("notice"), "") << "none is due";
    run_sql("UPDATE subscription_commands SET state = 'done'");
    run_sql("UPDATE period_closes SET state = 'done'");
    EXPECT_EQ(late(), Lines{});
}

TEST_P(DueActionsTest, AProviderHasAnHourForWhatItDoes) {
    const auto renews =
        subscribe({"renews"}, [](auto& s) { s.period.end = kWatchNow - hours(1) - seconds(5); });
    subscribe({"in_time"}, [](auto& s) { s.period.end = kWatchNow - hours(1); });
    subscribe({"ends"}, [](auto& s) { s.cancel_at = kWatchNow - hours(3); });
    subscribe({"changes"},
              [](auto& s) { s.pending_change = {s.price, 2, kWatchNow - hours(1) - seconds(7)}; });
    EXPECT_EQ(late(), (Lines{"renewal 5", "planned_change 7", "planned_end 7200"}));
    EXPECT_EQ(oldest("renewal"), renews.id.text()) << "the longest";
}

TEST_P(DueActionsTest, CustomersOnTestClocksAreNotLate) {
    const auto made = subscribe({"later"}, [](auto& s) { s.period.end = kWatchNow - hours(9); });
    EXPECT_EQ(late(), Lines{"renewal 28800"});  // 8 h of 3,600 s
    run_sql(R"sql(INSERT INTO test_clocks (id, name, provider, provider_clock_id, frozen_time,
                  created_at) VALUES ('clock_1', '', 'stripe', 'clock_1', 1, 1))sql");
    run_sql(R"sql(INSERT INTO period_closes (subscription_id, period_start, period_end, provider,
                  placement, provider_invoice_id, state, created_at)
                  VALUES ($1, 0, 1, 'stripe', 'undecided', '', 'pending', $2))sql",
            {made.id, kWatchNow - seconds(30)});
    EXPECT_EQ(late(), (Lines{"period_close 30", "renewal 28800"}));
    run_sql("UPDATE customers SET test_clock_id = 'clock_1' WHERE id = $1", {made.customer});
    EXPECT_EQ(late(), Lines{});
}

TEST_P(DueActionsTest, EventsAreDueAtTheirNextTry) {
    const auto add = [&](const char* id, Instant next) {
        run_sql(R"sql(INSERT INTO inbox_events (id, provider, provider_event_id, identity, type,
                      payload, state, attempts, next_attempt_at, received_at)
                      VALUES ($1, 'stripe', $1, $1, 'x', '{}', 'pending', 1, $2, 0))sql",
                {id, next});
    };
    add("waits", kWatchNow + seconds(60));
    EXPECT_EQ(late(), Lines{});
    add("due", kWatchNow - seconds(61));
    EXPECT_EQ(late(), Lines{"webhook_inbox 61"});
}

TEST_P(DueActionsTest, DeliveriesOfWhoCannotBeReachedAreNotDue) {
    add_endpoint();
    add_delivery(1, kWatchNow - seconds(40));
    EXPECT_EQ(late(), Lines{"webhook_outbox 40"});
    // The endpoint has failed once: the next try lies ahead, and what comes after it waits for
    // that.
    run_sql("UPDATE webhook_deliveries SET next_attempt_at = $1", {kWatchNow + seconds(50)});
    add_delivery(2, kWatchNow - seconds(40));
    EXPECT_EQ(late(), Lines{});
    run_sql("DELETE FROM webhook_deliveries WHERE id = 'whd_2'");
    run_sql("UPDATE webhook_deliveries SET next_attempt_at = $1", {kWatchNow - seconds(40)});
    run_sql("UPDATE webhook_deliveries SET leased_until = $1", {kWatchNow + seconds(1)});
    EXPECT_EQ(late(), Lines{});  // somebody has it in hand
    run_sql("UPDATE webhook_deliveries SET leased_until = $1", {kWatchNow - seconds(3)});
    EXPECT_EQ(late(), Lines{"webhook_outbox 3"});  // and has died with it
    run_sql("UPDATE webhook_endpoints SET paused_until = $1", {kWatchNow + seconds(1)});
    EXPECT_EQ(late(), Lines{});
}

// Four at a time (webhooks/delivery_store.h): what waits for an endpoint's places is not due.
TEST_P(DueActionsTest, DeliveriesOfWhoIsTalkedToWithoutAPauseAreNotDue) {
    add_endpoint();
    for (int i = 1; i <= 5; ++i) add_delivery(i, kWatchNow - seconds(300));
    run_sql("UPDATE webhook_deliveries SET object_id = id");
    EXPECT_EQ(late(), Lines{"webhook_outbox 300"});
    const auto in_hand = [&](const char* which) {
        run_sql("UPDATE webhook_deliveries SET leased_until = $1 WHERE id = $2",
                {kWatchNow + seconds(1), which});
    };
    for (const char* which : {"whd_1", "whd_2", "whd_3"}) in_hand(which);
    EXPECT_EQ(late(), Lines{"webhook_outbox 300"}) << "there is a place";
    in_hand("whd_4");
    EXPECT_EQ(late(), Lines{});

    // They have had no answer, and the next four are about to be taken.
    const auto tried_at = [&](Instant moment) {
        run_sql("DELETE FROM webhook_attempts");
        run_sql(
            "INSERT INTO webhook_attempts SELECT id, 1, $1, 0, '', 0, '' FROM "
            "webhook_deliveries WHERE id <> 'whd_5'",
            {moment});
    };
    run_sql(
        "UPDATE webhook_deliveries SET leased_until = 0, next_attempt_at = $1 "
        "WHERE id <> 'whd_5'",
        {kWatchNow + seconds(5)});
    tried_at(kWatchNow - seconds(29));
    EXPECT_EQ(late(), Lines{});
    tried_at(kWatchNow - seconds(30));
    EXPECT_EQ(late(), Lines{"webhook_outbox 300"}) << "nobody has come for it";
}

// The worker lets it go once the one before it is at its third try (webhooks/delivery_store.cc).
TEST_P(DueActionsTest, ADeliveryWaitsForThreeTriesOfTheOneBeforeItAndHasAMinuteThen) {
    add_endpoint();
    add_delivery(1, kWatchNow + seconds(1'800));
    add_delivery(2, kWatchNow - seconds(300));
    const auto first = [&](int attempts, Instant leased_until) {
        run_sql("UPDATE webhook_deliveries SET attempts = $1, leased_until = $2 WHERE id = 'whd_1'",
                {attempts, leased_until});
    };
    const auto tried_at = [&](Instant moment) {
        run_sql("DELETE FROM webhook_attempts");
        run_sql("INSERT INTO webhook_attempts VALUES ('whd_1', 3, $1, 0, '', 0, '')", {moment});
    };
    first(2, Instant{});
    EXPECT_EQ(late(), Lines{});
    first(3, kWatchNow + seconds(1));
    EXPECT_EQ(late(), Lines{}) << "the third try has just begun";
    first(3, Instant{});
    tried_at(kWatchNow - seconds(59));
    EXPECT_EQ(late(), Lines{});
    tried_at(kWatchNow - seconds(60));
    EXPECT_EQ(late(), Lines{"webhook_outbox 300"}) << "the first is still tried, and holds nothing";
    EXPECT_EQ(oldest("webhook_outbox"), "whd_2");
    first(4, Instant{});
    tried_at(kWatchNow - seconds(1));
    EXPECT_EQ(late(), Lines{"webhook_outbox 300"});
    run_sql(
        "UPDATE webhook_deliveries SET state = 'delivered', finished_at = $1 "
        "WHERE id = 'whd_1'",
        {kWatchNow - seconds(59)});
    EXPECT_EQ(late(), Lines{});
}

TEST_P(DueActionsTest, WishedRefundsAreDueAtOnce) {
    const auto add = [&](const char* id, const char* status, Instant made) {
        run_sql(R"sql(INSERT INTO refunds (id, provider, provider_refund_id, provider_payment_id,
                      currency, amount_minor, status, applied_ticket, created_at, updated_at)
                      VALUES ($1, 'stripe', $1, 'pi_1', 'usd', 500, $2, 0, $3, $3))sql",
                {id, status, made});
    };
    add("re_known", "pending", kWatchNow - hours(9));
    EXPECT_EQ(late(), Lines{});
    add("re_wish", "creating", kWatchNow - seconds(75));
    EXPECT_EQ(late(), Lines{"refund 75"});
}

TEST_P(DueActionsTest, AMigrationIsLateWhenTheWorkerDoesNotGoOnWithIt) {
    const auto made = subscribe({"alice"});
    run_sql(R"sql(INSERT INTO plan_migrations (id, plan_id, target_version_id, takes_effect, filter,
                  state, actor, request_id, created_at, listed_at, went_on_at)
                  SELECT 'pmg_1', v.plan_id, v.id, 'now', '{}', 'running', 'test', '', 0, 0, $2
                    FROM plan_versions v WHERE v.id = $1)sql",
            {made.plan_version, kWatchNow - seconds(50)});
    EXPECT_EQ(late(), Lines{});
    run_sql(R"sql(INSERT INTO plan_migration_items (migration_id, subscription_id, from_price_id,
                  quantity, state, next_try_at) VALUES ('pmg_1', $1, $2, 1, 'pending', $3))sql",
            {made.id, made.price, kWatchNow - hours(5)});
    EXPECT_EQ(late(), Lines{"plan_migration 50"});  // five hours in a queue that moves
    run_sql("UPDATE plan_migrations SET went_on_at = $1", {kWatchNow - hours(6)});
    EXPECT_EQ(late(), Lines{"plan_migration 18000"});  // 5 h of 3,600 s
    run_sql("UPDATE plan_migration_items SET next_try_at = $1", {kWatchNow + seconds(5)});
    EXPECT_EQ(late(), Lines{});
    run_sql("UPDATE plan_migration_items SET next_try_at = 0, state = 'refused'");
    EXPECT_EQ(late(), Lines{});
}

TEST_P(DueActionsTest, TrialsAreToldThreeDaysBeforeTheirEnd) {
    const auto trial = [&](const char* name, Instant end) {
        const auto made = subscribe({name}, [&](auto& s) {
            s.status = SubscriptionStatus::Trialing;
            s.trial_end = end;
        });
        run_sql("UPDATE subscriptions SET updated_at = 0 WHERE id = $1", {made.id});
        return made;
    };
    trial("later", kWatchNow + std::chrono::days(3) + seconds(1));
    trial("over", kWatchNow - seconds(1));
    EXPECT_EQ(late(), Lines{});
    const auto ends = trial("ends", kWatchNow + std::chrono::days(3) - seconds(33));
    EXPECT_EQ(late(), Lines{"trial_reminder 33"});
    run_sql("UPDATE subscriptions SET updated_at = $1", {kWatchNow - seconds(4)});
    EXPECT_EQ(late(), Lines{"trial_reminder 4"});  // its end has only just come so near
    run_sql(R"sql(INSERT INTO trial_reminders (subscription_id, trial_end, told_at)
                  SELECT id, trial_end, 0 FROM subscriptions WHERE id = $1)sql",
            {ends.id});
    EXPECT_EQ(late(), Lines{});
}

TEST_P(DueActionsTest, AMoveIsDueUnlessItWaitsForTheCustomer) {
    const auto made = subscribe({"alice"});
    run_sql(R"sql(INSERT INTO provider_moves (id, subscription_id, from_provider,
                  from_subscription_id, to_provider, to_subscription_id, begins_at, state, actor,
                  request_id, created_at, went_on_at)
                  VALUES ('mov_1', $1, 'stripe', 'sub_1', 'razorpay', '', 0, 'beginning', 'test',
                          '', 0, $2))sql",
            {made.id, kWatchNow - seconds(20)});
    for (const char* state : {"beginning", "ending", "abandoning"}) {
        run_sql("UPDATE provider_moves SET state = $1", {state});
        EXPECT_EQ(late(), Lines{"provider_move 20"}) << state;
    }
    for (const char* state : {"waiting", "done", "failed"}) {
        run_sql("UPDATE provider_moves SET state = $1", {state});
        EXPECT_EQ(late(), Lines{}) << state;
    }
}

TEST_P(DueActionsTest, LettersAreDueWhereThereIsAMailServer) {
    const auto made = subscribe({"alice"});
    run_sql(R"sql(INSERT INTO notices (id, kind, obligation, recipient, customer_id, data, state,
                  attempts, next_attempt_at, give_up_at, created_at)
                  VALUES ('ntc_1', 'receipt', 'x', 'a@example.com', $1, '{}', 'pending', 0, $2, $3,
                          $2))sql",
            {made.customer, kWatchNow - seconds(12), kWatchNow + hours(72)});
    EXPECT_EQ(late(), Lines{"notice 12"});
    EXPECT_EQ(late(Letters::NotSent), Lines{});
}

}  // namespace
}  // namespace turnpike
