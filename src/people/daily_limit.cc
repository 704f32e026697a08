#include "people/daily_limit.h"

#include <utility>

namespace turnpike {

Result<void> check_daily_limit(std::optional<Instant> first, Instant now, Reason reason,
                               std::string message) {
    constexpr std::chrono::hours kWindow{24};
    if (!first || *first <= now - kWindow) return {};
    Error error{ErrorCode::LimitExceeded, reason, std::move(message)};
    const auto wait = std::chrono::ceil<std::chrono::seconds>(*first + kWindow - now);
    error.retry_after_s = static_cast<int>(wait.count());
    return std::unexpected(std::move(error));
}

}  // namespace turnpike
