#include "retry.h"

#include <algorithm>

namespace turnpike::client {

bool is_wait(std::chrono::milliseconds wait) { return wait.count() > 0 && wait <= kWaitMax; }

bool is_retryable(int status) { return status == 408 || status == 429 || status >= 500; }

std::chrono::milliseconds wait_after(const Backoff& backoff, int attempt,
                                     std::optional<std::chrono::seconds> retry_after,
                                     std::uint64_t random) {
    auto most = backoff.first_wait;
    for (int i = 1; i < attempt && most < backoff.wait_max; ++i) most *= 2;
    most = std::min(most, backoff.wait_max);
    const auto choices = static_cast<std::uint64_t>(most.count());
    const std::chrono::milliseconds jitter{1 + static_cast<std::int64_t>(random % choices)};
    return jitter + std::min(retry_after.value_or(std::chrono::seconds(0)), kRetryAfterMax);
}

}  // namespace turnpike::client
