#pragma once

#include <cstdint>
#include <variant>

#include "access/principal.h"
#include "base/error.h"

namespace turnpike {

/// Days of the longest trial that somebody may ask for himself. The seller may give a longer one.
inline constexpr std::int64_t kOwnTrialDaysMax = 30;

/// Errors: Unprocessable "subscription.trial_too_long" for a user who asks for more.
Result<std::monostate> check_own_trial(const Principal& caller, std::int64_t days);

}  // namespace turnpike
