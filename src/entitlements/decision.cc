#include "entitlements/decision.h"

#include <algorithm>

#include "base/check.h"

namespace turnpike {
namespace {

/// True when `candidate` gives more of a meter than `now` (nullptr: nothing at all).
bool gives_more(const Allowance& candidate, const Allowance* now) {
    if (now == nullptr) return true;
    if (candidate.included > now->included) return true;
    return candidate.overage == OveragePolicy::Bill && now->overage == OveragePolicy::Block;
}

}  // namespace

std::string_view to_text(DecisionReason reason) {
    switch (reason) {
        case DecisionReason::WithinAllowance: return "within_allowance";
        case DecisionReason::Overage: return "overage";
        case DecisionReason::LimitExceeded: return "limit_exceeded";
        case DecisionReason::NotInPlan: return "not_in_plan";
    }
    check(false, "every reason has a text");
    return {};
}

std::optional<UpgradeHint> upgrade_from(const PlanVersion& plan, std::string_view meter_key,
                                        const Catalog& catalog, Currency currency) {
    const Allowance* now = plan.allowance(meter_key);
    for (const PlanVersion* next = catalog.next_above(plan.rank); next != nullptr;
         next = catalog.next_above(next->rank)) {
        const Allowance* offered = next->allowance(meter_key);
        if (offered == nullptr || !gives_more(*offered, now)) continue;
        UpgradeHint hint{next->key, next->name, std::nullopt};
        const auto price = std::ranges::find_if(next->prices, [&](const Price& candidate) {
            return candidate.amount.currency() == currency;
        });
        if (price != next->prices.end()) hint.price = price->amount;
        return hint;
    }
    return std::nullopt;
}

Decision decide(const DecisionFacts& facts, Quantity requested) {
    check(requested >= Quantity{}, "a request is not negative");
    Decision decision;
    decision.resets_at = facts.resets_at;
    decision.plan = facts.plan.key;
    if (facts.counter != nullptr) {
        const Counter& counter = *facts.counter;
        decision.used = counter.used;
        decision.remaining = remaining_of(counter);
        decision.limit = counter.hard_limit.value_or(counter.segments.back().included);
        decision.overage = overage_of(counter);
        decision.overage_allowed = !counter.hard_limit;
        const bool fits = requested <= decision.remaining;
        const bool countable = requested <= kMaxQuantity - counter.used;
        decision.allowed = fits || (decision.overage_allowed && countable);
        decision.reason = fits               ? DecisionReason::WithinAllowance
                          : decision.allowed ? DecisionReason::Overage
                                             : DecisionReason::LimitExceeded;
    }
    if (!decision.allowed)
        decision.upgrade = upgrade_from(facts.plan, facts.meter_key, facts.catalog, facts.currency);
    return decision;
}

}  // namespace turnpike
