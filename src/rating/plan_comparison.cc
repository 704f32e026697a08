#include "rating/plan_comparison.h"

#include <algorithm>
#include <array>

namespace turnpike {
namespace {

const ComparedPlan::Allowance* allowance_of(const ComparedPlan& plan, const std::string& meter) {
    const auto found = std::ranges::find(plan.allowances, meter, &ComparedPlan::Allowance::meter);
    return found == plan.allowances.end() ? nullptr : &*found;
}

bool includes_as_much(const ComparedPlan& plan, const ComparedPlan& present) {
    return std::ranges::all_of(present.allowances, [&](const ComparedPlan::Allowance& own) {
        const auto* other = allowance_of(plan, own.meter);
        return other != nullptr && other->included >= own.included;
    });
}

/// nullopt: some of the usage would have been refused.
Result<std::optional<Money>> cost_under(const ComparedPlan& plan,
                                        std::span<const UsedBeyond> used) {
    Money cost = plan.price;
    for (const auto& [meter, quantity] : used) {
        const auto* allowance = allowance_of(plan, meter);
        const bool is_enough = allowance != nullptr && quantity <= allowance->included;
        if (is_enough) continue;
        if (allowance == nullptr || !allowance->unit_price) return std::optional<Money>();
        const std::array segments{
            UsageSegment{quantity, allowance->included, allowance->unit_price}};
        const auto lines = rate_overage(segments, cost.currency());
        if (!lines) return failure(lines);
        for (const auto& line : *lines) cost = cost + line.amount;
    }
    return std::optional<Money>(cost);
}

}  // namespace

Result<std::optional<PlanSaving>> cheaper_plan(const ComparedPlan& present, Money has_cost,
                                               std::span<const UsedBeyond> used,
                                               std::span<const ComparedPlan> others) {
    std::optional<PlanSaving> best;
    for (const ComparedPlan& plan : others) {
        if (plan.key == present.key || plan.price.currency() != has_cost.currency()) continue;
        if (!includes_as_much(plan, present)) continue;
        const auto cost = cost_under(plan, used);
        if (!cost) return failure(cost);
        if (!*cost || (*cost)->minor() >= has_cost.minor()) continue;
        const Money saving = has_cost - **cost;
        if (!best || saving.minor() > best->saving.minor())
            best = PlanSaving{plan.key, **cost, saving};
    }
    return best;
}

}  // namespace turnpike
