#pragma once

#include <optional>
#include <vector>

#include "turnpike/client/clock.h"

namespace turnpike::client {

/// A clock that a test moves. Both its times begin at fixed moments, and whoever waits by it wakes
/// when the test says so. Outlives everything that uses it.
class ManualClock : public Clock {
public:
    Instant wall_now() override;
    Steady now() override;
    void wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable& wake,
                    Steady until) override;

    /// Moves both times on and wakes who waits for long enough.
    void advance(std::chrono::milliseconds by);
    /// How long the first of those still waits who wait for a time, once somebody does. nullopt
    /// when nobody did for 10 s of real time.
    std::optional<std::chrono::milliseconds> next_wait();

private:
    struct Waiter {
        std::mutex* mutex;
        std::condition_variable* wake;
        Steady until;
    };
    [[nodiscard]] std::optional<Steady> first_wait() const;

    std::mutex mutex_;
    std::condition_variable somebody_waits_;
    // Guarded by mutex_:
    std::chrono::milliseconds elapsed_{0};
    std::vector<Waiter> waiters_;
};

}  // namespace turnpike::client
