#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "turnpike/client/client.h"

namespace turnpike::client {

/// Longer than this nobody waits for a Retry-After: a proxy's slip must not stop a host for days.
inline constexpr std::chrono::seconds kRetryAfterMax{300};
/// No wait, age, time-out or patience is longer.
inline constexpr std::chrono::hours kWaitMax{24};
/// More than nothing and at most kWaitMax.
bool is_wait(std::chrono::milliseconds wait);

/// Whether the same request may be answered otherwise later: 408, 429, 5xx.
bool is_retryable(int status);

/// How long to wait after attempt number `attempt` (from 1) failed: full jitter as Backoff says, on
/// top of `retry_after` (at most kRetryAfterMax). `random` is a uniform 64-bit number. Pure.
std::chrono::milliseconds wait_after(const Backoff& backoff, int attempt,
                                     std::optional<std::chrono::seconds> retry_after,
                                     std::uint64_t random);

}  // namespace turnpike::client
