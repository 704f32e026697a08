#include "billing/life/health.h"

#include <algorithm>
#include <chrono>

#include "subscriptions/subscription.h"

namespace turnpike {
namespace {

constexpr std::chrono::minutes kSettlesWithin{5};
constexpr std::chrono::hours kRenewalGrace{1};
constexpr std::chrono::days kExpiresSoon{7};
constexpr std::int64_t kWorkerLagMaxSeconds = 120;

constexpr std::string_view kInbox = R"sql(
    SELECT COUNT(*) FROM inbox_events WHERE state = $1
)sql";
constexpr std::string_view kStatus = R"sql(
    SELECT COUNT(*) FROM subscriptions WHERE status = $1
)sql";
constexpr std::string_view kExpiring = R"sql(
    SELECT COUNT(*) FROM subscriptions
     WHERE ended_at IS NULL AND cancel_at IS NOT NULL AND cancel_at < $1
)sql";
constexpr std::string_view kStuckCommands = R"sql(
    SELECT COUNT(*) FROM subscription_commands WHERE state = 'pending' AND created_at < $1
)sql";
constexpr std::string_view kStuckCloses = R"sql(
    SELECT COUNT(*) FROM period_closes WHERE state = 'pending' AND created_at < $1
)sql";
// Customers on a test clock live at another time.
constexpr std::string_view kMissedRenewals = R"sql(
    SELECT COUNT(*)
      FROM subscriptions s JOIN customers c ON c.id = s.customer_id
     WHERE s.ended_at IS NULL AND s.started_at IS NOT NULL AND s.period_end < $1
       AND s.pause_behavior IS NULL AND s.status NOT IN ('paused', 'incomplete')
       AND c.test_clock_id IS NULL
)sql";

std::int64_t count(sql::Transaction& tx, std::string_view sql, const sql::Value& parameter) {
    return tx.one(sql, {parameter})->integer(0);
}

}  // namespace

std::int64_t count_active_subscriptions(sql::Transaction& tx) {
    return count(tx, kStatus, to_text(SubscriptionStatus::Active));
}

BillingHealth load_billing_health(sql::Transaction& tx, const HealthSources& sources, Instant now) {
    BillingHealth health;
    health.providers = sources.providers();
    health.webhooks_pending = count(tx, kInbox, "pending");
    health.webhooks_dead = count(tx, kInbox, "dead");
    health.webhook_signature_failures = sources.signature_failures();
    health.live = count(tx, kStatus, "active") + count(tx, kStatus, "trialing");
    health.past_due = count(tx, kStatus, "past_due");
    health.expiring_7_days = count(tx, kExpiring, now + kExpiresSoon);
    health.out_of_sync = count(tx, kStuckCommands, now - kSettlesWithin) +
                         count(tx, kStuckCloses, now - kSettlesWithin) +
                         count(tx, kMissedRenewals, now - kRenewalGrace);
    health.worker_lag_s = sources.worker_lag_s();
    const bool all_reached = std::ranges::all_of(
        health.providers,
        [](const ProviderCondition& provider) { return provider.breaker == "closed"; });
    health.healthy = all_reached && health.webhooks_dead == 0 && health.out_of_sync == 0 &&
                     health.worker_lag_s < kWorkerLagMaxSeconds;
    return health;
}

}  // namespace turnpike
