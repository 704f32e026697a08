#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace turnpike {

struct RetryPolicy {
    int retries_max = 3;                               ///< tries after the first
    std::chrono::milliseconds first_wait{200};         ///< doubles: 200, 400, 800 ms
    std::chrono::milliseconds retry_after_max{5'000};  ///< a longer Retry-After ends the call
    std::chrono::milliseconds total{25'000};           ///< tries and waits together
};

/// What a failed try knows when it asks whether there is another one.
struct FailedTry {
    int number = 1;  ///< how many tries have failed, this one included
    std::optional<std::chrono::milliseconds> retry_after{};  ///< what the peer asked for
    std::chrono::milliseconds elapsed{0};                    ///< since the first try began
    std::uint32_t jitter_permille = 0;  ///< 0..1000, from the caller's source of randomness
};

/// How long to wait before the next try; nullopt: give up. The wait lies between half and all of
/// the step, so that clients that failed together do not come back together (Stripe's own SDKs
/// spread theirs the same way), and is never shorter than Retry-After. Pure.
std::optional<std::chrono::milliseconds> backoff(const RetryPolicy& policy,
                                                 const FailedTry& failed);

}  // namespace turnpike
