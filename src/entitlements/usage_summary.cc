#include "entitlements/usage_summary.h"

#include <utility>

#include "metering/service.h"

namespace turnpike {

Result<UsageSummary> load_usage_summary(sql::Transaction& tx, CatalogCache& catalog,
                                        std::string_view customer_ref, Instant system_now) {
    const auto standing = load_standing(tx, catalog, customer_ref, system_now);
    if (!standing) return failure(standing);
    UsageSummary summary{.customer = standing->customer,
                         .plan_key = standing->plan->key,
                         .plan_name = standing->plan->name,
                         .period = standing->period,
                         .meters = {}};
    for (const Allowance& allowance : standing->plan->allowances) {
        const auto window =
            window_of(standing->subscription, standing->period, standing->plan->id, allowance);
        const auto usage =
            load_usage(tx, standing->customer, allowance.meter_key, window, standing->currency);
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
