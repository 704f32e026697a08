#include "monitoring/due_actions.h"

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
    run_sql("UPDATE subscription_commands SET state = 'done'");
    run_sql("UPDATE period_closes SET state = 'done'");
    EXPECT_EQ(late(), Lines{});
}

TEST_P(DueActionsTest, AProviderHasAnHourForWhatItDoes) {
    subscribe({"renews"}, [](auto& s) { s.period.end = kWatchNow - hours(1) - seconds(5); });
    subscribe({"in_time"}, [](auto& s) { s.period.end = kWatchNow - hours(1); });
    subscribe({"ends"}, [](auto& s) { s.cancel_at = kWatchNow - hours(3); });
    subscribe({"changes"},
              [](auto& s) { s.pending_change = {s.price, 2, kWatchNow - hours(1) - seconds(7)}; });
    EXPECT_EQ(late(), (Lines{"renewal 5", "planned_change 7", "planned_end 7200"}));
}

TEST_P(DueActionsTest, CustomersOnTestClocksAreNotLate) {
    const auto made = subscribe({"later"}, [](auto& s) { s.period.end = kWatchNow - hours(9); });
    EXPECT_EQ(late(), Lines{"renewal 28800"});  // 8 h of 3,600 s
    run_sql(R"sql(INSERT INTO test_clocks (id, name, provider, provider_clock_id, frozen_time,
                  created_at) VALUES ('clock_1', '', 'stripe', 'clock_1', 1, 1))sql");
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
    run_sql(R"sql(INSERT INTO webhook_endpoints (id, kind, target, description, events, state,
                  disabled_reason, paused_until, previous_until, created_at, updated_at, version)
                  VALUES ('we_1', 'endpoint', 'https://example.com', '', '["*"]', 'enabled', '', 0,
                          0, 0, 0, 1))sql");
    run_sql("INSERT INTO outbox_events VALUES ('evt_1', 'invoice.paid', 'inv_1', 1, '', '{}', 0)");
    run_sql(R"sql(INSERT INTO webhook_deliveries (id, endpoint_id, event_id, object_id, sequence,
                  state, attempts, tries_made, next_attempt_at, leased_until, created_at)
                  VALUES ('whd_1', 'we_1', 'evt_1', 'inv_1', 1, 'pending', 0, 0, $1, 0, 0))sql",
            {kWatchNow - seconds(40)});
    EXPECT_EQ(late(), Lines{"webhook_outbox 40"});
    run_sql("UPDATE webhook_deliveries SET leased_until = $1", {kWatchNow + seconds(1)});
    EXPECT_EQ(late(), Lines{});  // somebody has it in hand
    run_sql("UPDATE webhook_deliveries SET leased_until = $1", {kWatchNow - seconds(3)});
    EXPECT_EQ(late(), Lines{"webhook_outbox 3"});  // and has died with it
    run_sql("UPDATE webhook_endpoints SET paused_until = $1", {kWatchNow + seconds(1)});
    EXPECT_EQ(late(), Lines{});
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
