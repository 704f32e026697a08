#include "payments/backoff.h"

#include <algorithm>

#include "base/check.h"

namespace turnpike {

std::optional<std::chrono::milliseconds> backoff(const RetryPolicy& policy,
                                                 const FailedTry& failed) {
    check(failed.number >= 1, "a failed try has a number from 1");
    if (failed.number > policy.retries_max) return std::nullopt;

    const auto step = policy.first_wait * (std::int64_t{1} << std::min(failed.number - 1, 20));
    const auto jitter = static_cast<std::int64_t>(std::min(failed.jitter_permille, 1'000U));
    auto wait = step / 2 + (step / 2) * jitter / 1'000;
    if (failed.retry_after) {
        if (*failed.retry_after > policy.retry_after_max) return std::nullopt;
        wait = std::max(wait, *failed.retry_after);
    }
    if (failed.elapsed + wait >= policy.total) return std::nullopt;
    return wait;
}

}  // namespace turnpike
