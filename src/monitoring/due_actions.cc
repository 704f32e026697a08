#include "monitoring/due_actions.h"

#include <algorithm>
#include <array>

namespace turnpike {
namespace {

/// Answers the moment since which the oldest one is due; NULL: none is. $1 is now.
struct DueQuery {
    std::string_view action;
    std::string_view sql;
    std::chrono::seconds allowed{};  ///< after that moment, before it is late
};

constexpr std::string_view kNotice = "notice";

// SQLite keeps the order of a CROSS JOIN: what is due comes first, whose it is afterwards.
constexpr auto kQueries = std::to_array<DueQuery>({
    {"command",
     "SELECT MIN(created_at) FROM subscription_commands WHERE state = 'pending' "
     "AND created_at <= $1"},
    {"period_close", R"sql(
        SELECT MIN(p.created_at)
          FROM period_closes p JOIN subscriptions s ON s.id = p.subscription_id
          JOIN customers c ON c.id = s.customer_id
         WHERE p.state = 'pending' AND p.created_at <= $1 AND c.test_clock_id IS NULL)sql"},
    {"renewal", R"sql(
        SELECT MIN(s.period_end)
          FROM subscriptions s JOIN customers c ON c.id = s.customer_id
         WHERE s.status IN ('active', 'trialing') AND s.period_end <= $1
           AND s.ended_at IS NULL AND s.started_at IS NOT NULL AND s.pause_behavior IS NULL
           AND c.test_clock_id IS NULL)sql",
     kProviderTakes},
    {"planned_change", R"sql(
        SELECT MIN(s.pending_at)
          FROM subscriptions s CROSS JOIN customers c
         WHERE c.id = s.customer_id AND s.ended_at IS NULL AND s.pending_at <= $1
           AND s.pause_behavior IS NULL
           AND s.cancel_at IS NULL AND s.cancel_at_period_end = 0
           AND c.test_clock_id IS NULL)sql",
     kProviderTakes},
    {"planned_end", R"sql(
        SELECT MIN(s.cancel_at)
          FROM subscriptions s CROSS JOIN customers c
         WHERE c.id = s.customer_id AND s.ended_at IS NULL AND s.cancel_at <= $1
           AND c.test_clock_id IS NULL)sql",
     kProviderTakes},
    {"checkout_end",
     "SELECT MIN(expires_at) FROM checkout_sessions WHERE status IN ('creating', 'open') "
     "AND expires_at <= $1",
     kProviderTakes},
    {"webhook_inbox",
     "SELECT MIN(next_attempt_at) FROM inbox_events WHERE state = 'pending' "
     "AND next_attempt_at <= $1"},
    // What comes after another one of its object waits for that, and then has a minute's time.
    {"webhook_outbox", R"sql(
        SELECT MIN(CASE WHEN d.leased_until > d.next_attempt_at THEN d.leased_until
                        ELSE d.next_attempt_at END)
          FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
         WHERE d.state = 'pending' AND d.next_attempt_at <= $1 AND d.leased_until <= $1
           AND e.state = 'enabled' AND e.paused_until <= $1
           AND NOT EXISTS (SELECT 1 FROM webhook_deliveries b
                            WHERE b.endpoint_id = d.endpoint_id AND b.object_id = d.object_id
                              AND b.sequence < d.sequence
                              AND (b.state = 'pending' OR b.finished_at > $1 - 60000000)))sql"},
    {"refund",
     "SELECT MIN(created_at) FROM refunds WHERE status = 'creating' AND created_at <= $1"},
    // Its queue may be long: as long as the worker takes up one after another, none is late.
    {"plan_migration", R"sql(
        SELECT CASE WHEN moved.at > open.at THEN moved.at ELSE open.at END
          FROM (SELECT MIN(due.at) AS at
                  FROM (SELECT MIN(i.next_try_at) AS at FROM plan_migration_items i
                         WHERE i.state = 'pending' AND i.next_try_at <= $1
                        UNION ALL
                        SELECT MIN(i.next_try_at) AS at FROM plan_migration_items i
                         WHERE i.state = 'taking_back' AND i.command_id IS NULL
                           AND i.next_try_at <= $1) due) open
         CROSS JOIN (SELECT MAX(m.went_on_at) AS at FROM plan_migrations m
                      WHERE m.finished_at IS NULL) moved)sql"},
    // Three days (in microseconds) before the end, or when a later change has brought that nearer.
    {"trial_reminder", R"sql(
        SELECT MIN(CASE WHEN s.updated_at > s.trial_end - 259200000000 THEN s.updated_at
                        ELSE s.trial_end - 259200000000 END)
          FROM subscriptions s JOIN customers c ON c.id = s.customer_id
         WHERE s.status = 'trialing' AND s.ended_at IS NULL AND c.test_clock_id IS NULL
           AND s.trial_end > $1 AND s.trial_end <= $1 + 259200000000
           AND NOT EXISTS (SELECT 1 FROM trial_reminders r
                            WHERE r.subscription_id = s.id AND r.trial_end = s.trial_end))sql"},
    {"provider_move",
     "SELECT MIN(went_on_at) FROM provider_moves "
     "WHERE state IN ('beginning', 'ending', 'abandoning') AND went_on_at <= $1"},
    {kNotice,
     "SELECT MIN(next_attempt_at) FROM notices WHERE state = 'pending' AND next_attempt_at <= $1"},
});

}  // namespace

std::vector<ActionLag> load_action_lags(sql::Transaction& tx, Letters letters, Instant now) {
    std::vector<ActionLag> lags;
    for (const DueQuery& query : kQueries) {
        if (query.action == kNotice && letters == Letters::NotSent) continue;
        const auto since = tx.one(query.sql, {now})->maybe_instant(0);
        std::chrono::seconds late{0};
        if (since) late = std::chrono::floor<std::chrono::seconds>(now - *since) - query.allowed;
        lags.push_back({query.action, std::max<std::int64_t>(0, late.count())});
    }
    return lags;
}

}  // namespace turnpike
