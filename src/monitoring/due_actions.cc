#include "monitoring/due_actions.h"

#include <algorithm>
#include <array>

namespace turnpike {
namespace {

/// Answers the moment since which the oldest one is due, and whose it is; no row, or NULL: none is.
/// $1 is now.
struct DueQuery {
    std::string_view action;
    std::string_view sql;
    std::chrono::seconds allowed{};  ///< after that moment, before it is late
};

constexpr std::string_view kNotice = "notice";

// SQLite keeps the order of a CROSS JOIN: what is due comes first, whose it is afterwards.
constexpr auto kQueries = std::to_array<DueQuery>({
    {"command",
     "SELECT created_at, subscription_id FROM subscription_commands WHERE state = 'pending' "
     "AND created_at <= $1 ORDER BY created_at LIMIT 1"},
    {"period_close", R"sql(
        SELECT p.created_at, s.id
          FROM period_closes p JOIN subscriptions s ON s.id = p.subscription_id
          JOIN customers c ON c.id = s.customer_id
         WHERE p.state = 'pending' AND p.created_at <= $1 AND c.test_clock_id IS NULL
         ORDER BY p.created_at LIMIT 1)sql"},
    {"renewal", R"sql(
        SELECT s.period_end, s.id
          FROM subscriptions s JOIN customers c ON c.id = s.customer_id
         WHERE s.status IN ('active', 'trialing') AND s.period_end <= $1
           AND s.ended_at IS NULL AND s.started_at IS NOT NULL AND s.pause_behavior IS NULL
           AND c.test_clock_id IS NULL
         ORDER BY s.period_end LIMIT 1)sql",
     kProviderTakes},
    {"planned_change", R"sql(
        SELECT s.pending_at, s.id
          FROM subscriptions s CROSS JOIN customers c
         WHERE c.id = s.customer_id AND s.ended_at IS NULL AND s.pending_at <= $1
           AND s.pause_behavior IS NULL
           AND s.cancel_at IS NULL AND s.cancel_at_period_end = 0
           AND c.test_clock_id IS NULL
         ORDER BY s.pending_at LIMIT 1)sql",
     kProviderTakes},
    {"planned_end", R"sql(
        SELECT s.cancel_at, s.id
          FROM subscriptions s CROSS JOIN customers c
         WHERE c.id = s.customer_id AND s.ended_at IS NULL AND s.cancel_at <= $1
           AND c.test_clock_id IS NULL
         ORDER BY s.cancel_at LIMIT 1)sql",
     kProviderTakes},
    {"checkout_end",
     "SELECT expires_at, id FROM checkout_sessions WHERE status IN ('creating', 'open') "
     "AND expires_at <= $1 ORDER BY expires_at LIMIT 1",
     kProviderTakes},
    {"webhook_inbox",
     "SELECT next_attempt_at, id FROM inbox_events WHERE state = 'pending' "
     "AND next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT 1"},
    // What comes after another one of its object waits for that, until its third try at most
    // (webhooks/delivery_store.cc), and then has a minute's time. What waits for one of the four
    // places that an endpoint has is the endpoint's to hurry, as long as they are taken anew:
    // within 30 s, for 15 of which it may be silent.
    {"webhook_outbox", R"sql(
        SELECT CASE WHEN d.leased_until > d.next_attempt_at THEN d.leased_until
                    ELSE d.next_attempt_at END AS due, d.id
          FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
         WHERE d.state = 'pending' AND d.next_attempt_at <= $1 AND d.leased_until <= $1
           AND e.state = 'enabled' AND e.paused_until <= $1
           AND e.id NOT IN (SELECT taken.endpoint_id
                              FROM (SELECT h.endpoint_id
                                      FROM webhook_deliveries h
                                     WHERE h.state = 'pending' AND h.next_attempt_at <= $1
                                       AND h.leased_until > $1
                                    UNION ALL
                                    SELECT t.endpoint_id
                                      FROM webhook_attempts a
                                      JOIN webhook_deliveries t ON t.id = a.delivery_id
                                     WHERE a.at > $1 - 30000000) taken
                             GROUP BY taken.endpoint_id HAVING COUNT(*) >= 4)
           AND NOT EXISTS (SELECT 1 FROM webhook_deliveries b
                            WHERE b.endpoint_id = d.endpoint_id AND b.object_id = d.object_id
                              AND b.sequence < d.sequence
                              AND ((b.state = 'pending' AND b.attempts < 3)
                                   OR (b.state = 'pending' AND b.attempts = 3
                                       AND (b.leased_until > $1
                                            OR EXISTS (SELECT 1 FROM webhook_attempts a
                                                        WHERE a.delivery_id = b.id
                                                          AND a.at > $1 - 60000000)))
                                   OR b.finished_at > $1 - 60000000))
         ORDER BY due LIMIT 1)sql"},
    {"refund",
     "SELECT created_at, id FROM refunds WHERE status = 'creating' AND created_at <= $1 "
     "ORDER BY created_at LIMIT 1"},
    // Its queue may be long: as long as the worker takes up one after another, none is late.
    {"plan_migration", R"sql(
        SELECT CASE WHEN moved.at > open.at THEN moved.at ELSE open.at END, open.subscription_id
          FROM (SELECT due.at, due.subscription_id
                  FROM (SELECT waiting.at, waiting.subscription_id
                          FROM (SELECT i.next_try_at AS at, i.subscription_id
                                  FROM plan_migration_items i
                                 WHERE i.state = 'pending' AND i.next_try_at <= $1
                                 ORDER BY i.next_try_at LIMIT 1) waiting
                        UNION ALL
                        SELECT planned.at, planned.subscription_id
                          FROM (SELECT i.next_try_at AS at, i.subscription_id
                                  FROM plan_migration_items i
                                 WHERE i.state = 'taking_back' AND i.command_id IS NULL
                                   AND i.next_try_at <= $1
                                 ORDER BY i.next_try_at LIMIT 1) planned) due
                 ORDER BY due.at LIMIT 1) open
         CROSS JOIN (SELECT MAX(m.went_on_at) AS at FROM plan_migrations m
                      WHERE m.finished_at IS NULL) moved)sql"},
    // Three days (in microseconds) before the end, or when a later change has brought that nearer.
    {"trial_reminder", R"sql(
        SELECT CASE WHEN s.updated_at > s.trial_end - 259200000000 THEN s.updated_at
                    ELSE s.trial_end - 259200000000 END AS due, s.id
          FROM subscriptions s JOIN customers c ON c.id = s.customer_id
         WHERE s.status = 'trialing' AND s.ended_at IS NULL AND c.test_clock_id IS NULL
           AND s.trial_end > $1 AND s.trial_end <= $1 + 259200000000
           AND NOT EXISTS (SELECT 1 FROM trial_reminders r
                            WHERE r.subscription_id = s.id AND r.trial_end = s.trial_end)
         ORDER BY due LIMIT 1)sql"},
    {"provider_move",
     "SELECT went_on_at, subscription_id FROM provider_moves "
     "WHERE state IN ('beginning', 'ending', 'abandoning') AND went_on_at <= $1 "
     "ORDER BY went_on_at LIMIT 1"},
    {kNotice,
     "SELECT next_attempt_at, id FROM notices WHERE state = 'pending' AND next_attempt_at <= $1 "
     "ORDER BY next_attempt_at LIMIT 1"},
});

}  // namespace

std::vector<ActionLag> load_action_lags(sql::Transaction& tx, Letters letters, Instant now) {
    std::vector<ActionLag> lags;
    for (const DueQuery& query : kQueries) {
        if (query.action == kNotice && letters == Letters::NotSent) continue;
        ActionLag lag{.action = query.action};
        if (const auto oldest = tx.one(query.sql, {now}); oldest && !oldest->is_null(0)) {
            const auto late =
                std::chrono::floor<std::chrono::seconds>(now - oldest->instant(0)) - query.allowed;
            lag.seconds = std::max<std::int64_t>(0, late.count());
            lag.object = oldest->text(1);
        }
        lags.push_back(std::move(lag));
    }
    return lags;
}

}  // namespace turnpike
