#include "billing/life/own_trial.h"

#include <string>

namespace turnpike {

Result<std::monostate> check_own_trial(const Principal& caller, const PlanVersion& plan,
                                       std::int64_t days) {
    if (caller.kind != PrincipalKind::Customer || days <= plan.trial_days_max)
        return std::monostate{};
    const std::string rule = plan.trial_days_max == 0
                                 ? "plan '" + plan.key + "' has no trial that one takes for oneself"
                                 : "a trial of plan '" + plan.key + "' has at most " +
                                       std::to_string(plan.trial_days_max) + " days";
    return fail(ErrorCode::Unprocessable, "subscription.trial_too_long",
                rule + "; ask the seller for a longer one");
}

}  // namespace turnpike
