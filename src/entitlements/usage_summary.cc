#include "entitlements/usage_summary.h"

#include <utility>

namespace turnpike {

Result<UsageSummary> load_usage_summary(sql::Transaction& tx, ConsumeWorld world,
                                        std::string_view customer_ref, Instant system_now) {
    const auto snapshot = load_snapshot(tx, world, customer_ref, system_now);
    if (!snapshot) return failure(snapshot);
    const Standing& standing = snapshot->standing;
    UsageSummary summary{.customer = standing.customer,
                         .plan_key = standing.plan->key,
                         .plan_name = standing.plan->name,
                         .period = standing.period,
                         .meters = {}};
    for (const Allowance& allowance : standing.plan->allowances) {
        const auto usage = usage_of(snapshot->counters.at(allowance.meter_key), standing.currency);
        if (!usage) return failure(usage);
        summary.meters.push_back({.meter_key = allowance.meter_key,
                                  .used = usage->used,
                                  .included = usage->included,
                                  .remaining = usage->remaining,
                                  .percentage = percentage_text(usage->used, usage->included),
                                  .overage = usage->overage,
                                  .overage_allowed = usage->overage_allowed,
                                  .overage_amount = usage->overage_amount});
    }
    return summary;
}

}  // namespace turnpike
