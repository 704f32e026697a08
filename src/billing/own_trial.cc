#include "billing/own_trial.h"

#include <string>

namespace turnpike {

Result<std::monostate> check_own_trial(const Principal& caller, std::int64_t days) {
    if (caller.kind != PrincipalKind::Customer || days <= kOwnTrialDaysMax) return std::monostate{};
    return fail(ErrorCode::Unprocessable, "subscription.trial_too_long",
                "a trial has at most " + std::to_string(kOwnTrialDaysMax) +
                    " days; ask the seller for a longer one");
}

}  // namespace turnpike
