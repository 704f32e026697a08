#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "base/time.h"

namespace turnpike {

/// Nobody does it more often than so many times in any 24 hours.
///
/// \param first  of the last so many times, when it was done; nullopt: not so often yet
/// Errors: LimitExceeded with this reason, and with retry_after_s until `first` is a day ago.
Result<void> check_daily_limit(std::optional<Instant> first, Instant now, Reason reason,
                               std::string message);

}  // namespace turnpike
