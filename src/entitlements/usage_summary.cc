#include "entitlements/usage_summary.h"

#include <algorithm>
#include <utility>

namespace turnpike {

namespace {

Period shown_window(const Counter& counter, Instant now) {
    if (counter.reset.kind != Reset::Kind::Rolling) return counter.period;
    return {now - std::chrono::hours(counter.reset.hours), now};
}

Result<WindowUsage> usage_in(const Counter& counter, const Standing& standing) {
    const auto usage = usage_of(counter, standing.currency);
    if (!usage) return failure(usage);
    return WindowUsage{.reset = counter.reset,
                       .window = shown_window(counter, standing.now),
                       .used = usage->used,
                       .reserved = counter.held,
                       .included = usage->included,
                       .remaining = usage->remaining,
                       .hard_limit = usage->hard_limit,
                       .percentage = percentage_text(usage->used, usage->included),
                       .overage = usage->overage,
                       .overage_allowed = usage->overage_allowed,
                       .overage_amount = usage->overage_amount};
}

/// \param counters  at least one
Result<MeterUsage> usage_of_meter(const std::vector<Counter>& counters, const Standing& standing) {
    MeterUsage meter{.meter_key = counters.front().meter_key, .now = {}, .windows = {}};
    const auto billed = std::ranges::find(counters, Reset{}, &Counter::reset);
    const auto shown = billed == counters.end() ? counters.begin() : billed;
    for (auto counter = counters.begin(); counter != counters.end(); ++counter) {
        auto usage = usage_in(*counter, standing);
        if (!usage) return failure(usage);
        if (counter == shown)
            meter.now = *std::move(usage);
        else
            meter.windows.push_back(*std::move(usage));
    }
    return meter;
}

}  // namespace

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
        const auto is_told = [&](const MeterUsage& usage) {
            return usage.meter_key == allowance.meter_key;
        };
        if (std::ranges::any_of(summary.meters, is_told)) continue;
        auto usage = usage_of_meter(snapshot->counters.at(allowance.meter_key), standing);
        if (!usage) return failure(usage);
        summary.meters.push_back(*std::move(usage));
    }
    return summary;
}

}  // namespace turnpike
