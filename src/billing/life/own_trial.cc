#include "billing/life/own_trial.h"

#include <algorithm>
#include <string>

#include "base/check.h"

namespace turnpike {

Result<std::monostate> check_own_trial(const Principal& caller, const Catalog& catalog,
                                       const PlanVersionId& plan, std::int64_t days) {
    if (caller.kind != PrincipalKind::Customer) return std::monostate{};
    const auto found = std::ranges::find(catalog.plans, plan, &PlanVersion::id);
    check(found != catalog.plans.end(), "the plan is the catalog's");
    if (days <= found->trial_days_max) return std::monostate{};
    const std::string name = "plan '" + found->key + "'";
    const std::string rule = found->trial_days_max == 0
                                 ? name + " has no trial that one takes for oneself"
                                 : "a trial of " + name + " has at most " +
                                       std::to_string(found->trial_days_max) + " days";
    return fail(ErrorCode::Unprocessable, "subscription.trial_too_long",
                rule + "; ask the seller for a longer one");
}

}  // namespace turnpike
