#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <vector>

#include "json/json.h"
#include "monitoring/due_actions.h"
#include "monitoring/finding.h"
#include "monitoring/health_score.h"
#include "monitoring/risk.h"
#include "monitoring/watch_list.h"

namespace turnpike {

/// {"object": "expiring_subscription", "subscription": "sub_..", ...}
Json write_expiring(const ExpiringSubscription& expiring);
/// {"object": "failing_subscription", "subscription": "sub_..", ...}
Json write_failing(const FailingSubscription& failing);
/// {"object": "expiring_card", "subscription": "sub_..", ...}
Json write_expiring_card(const ExpiringCard& card);

/// Everything at a glance.
struct MonitorState {
    Instant now;
    std::optional<Instant> observed_at;
    std::map<FindingKind, std::int64_t> open;
    std::vector<RevenueAtRisk> at_risk;
    std::vector<ActionLag> lags;
    std::chrono::seconds late_after{};
};
/// {"object": "monitor", ...}
Json write_monitor(const MonitorState& state);
/// {"object": "subscription_health", "score": 100, "reasons": [...]}
Json write_health(const SubscriptionId& subscription, const HealthSignals& signals,
                  const HealthScore& health);

}  // namespace turnpike
