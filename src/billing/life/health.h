#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "billing/provider/context.h"

namespace turnpike {

/// How the conversation with the provider goes, in words that need no provider's types.
struct ProviderCondition {
    std::string name;
    std::string breaker;  ///< closed, open, half_open
    std::optional<Instant> last_success, last_failure;
    std::string last_problem;
};

/// What only the running process knows.
struct HealthSources {
    std::function<std::vector<ProviderCondition>()> providers;  ///< the primary first
    std::function<std::int64_t()> worker_lag_s;
    std::function<std::int64_t()> signature_failures;  ///< of webhooks, in the last hour
};

/// The state of billing: what waits, what expires, what does not agree.
struct BillingHealth {
    bool healthy = true;
    std::vector<ProviderCondition> providers;  ///< the primary first
    std::int64_t webhooks_pending = 0;
    std::int64_t webhooks_dead = 0;
    std::int64_t webhook_signature_failures = 0;
    std::int64_t live = 0;
    std::int64_t past_due = 0;
    std::int64_t expiring_7_days = 0;  ///< set to end within seven days
    /// Commands and closes that are older than five minutes and still open, and periods whose
    /// renewal the provider should have told us an hour ago.
    std::int64_t out_of_sync = 0;
    std::int64_t worker_lag_s = 0;
};

std::int64_t count_active_subscriptions(sql::Transaction& tx);
BillingHealth load_billing_health(sql::Transaction& tx, const HealthSources& sources, Instant now);

}  // namespace turnpike
