#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace turnpike::client {

/// A moment in UTC, as events carry it.
using Instant = std::chrono::sys_time<std::chrono::microseconds>;

/// Time as the library sees it, so that a test can drive it by hand. All of it may be called from
/// several threads at once. An HTTP call's own time-out is real time, whatever the clock says.
class Clock {
public:
    using Steady = std::chrono::steady_clock::time_point;
    static constexpr Steady kNever = Steady::max();

    virtual ~Clock() = default;

    /// The time of day; what an event that is handed over is stamped with.
    virtual Instant wall_now() = 0;
    /// What ages, waits and deadlines are measured with; never goes back.
    virtual Steady now() = 0;
    /// Returns when `wake` is notified, when `now() >= until`, or for no reason. `lock` is held
    /// before and after, not meanwhile. kNever waits for `wake` only.
    virtual void wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable& wake,
                            Steady until) = 0;
};

/// The computer's clocks. Lives as long as the program.
Clock& system_clock();

}  // namespace turnpike::client
