#pragma once

#include "base/error.h"
#include "entitlements/consume.h"
#include "monitoring/health_score.h"
#include "sql/sql.h"

namespace turnpike {

/// What the ledger and the store of usage know of a subscription, for score_health. Only reads.
/// Errors: NotFound "subscription.not_found"; those of load_usage_summary.
Result<HealthSignals> load_health_signals(sql::Transaction& tx, ConsumeWorld world,
                                          const SubscriptionId& id, Instant system_now);

}  // namespace turnpike
