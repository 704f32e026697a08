#include "entitlements/upgrade_hint.h"

#include <algorithm>

namespace turnpike {

UpgradeHint hint_of(const PlanVersion& plan, Currency currency) {
    UpgradeHint hint{plan.key, plan.name, std::nullopt};
    const auto price = std::ranges::find_if(plan.prices, [&](const Price& candidate) {
        return candidate.amount.currency() == currency;
    });
    if (price != plan.prices.end()) hint.price = price->amount;
    return hint;
}

}  // namespace turnpike
