#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace turnpike {

/// Unavailable "payment.provider_down": nothing happened at the provider. `why` is for people and
/// holds no secret.
std::unexpected<Error> provider_down(std::string_view provider, std::string_view why,
                                     std::optional<int> retry_after_s);

/// OutcomeUnknown "payment.outcome_unknown": it may have happened; ask for the same obligation
/// again.
std::unexpected<Error> outcome_unknown(std::string_view provider, std::string_view why,
                                       std::optional<int> retry_after_s);

/// Whether the same call may be answered otherwise later; other errors are the provider's last
/// word.
bool may_succeed_later(const Error& error);

}  // namespace turnpike
