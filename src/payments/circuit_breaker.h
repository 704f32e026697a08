#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>

namespace turnpike {

/// Monotonic, so that a jump of the wall clock neither opens nor keeps open a breaker.
using SteadyMoment = std::chrono::steady_clock::time_point;

struct BreakerPolicy {
    std::size_t failures_to_open = 5;            ///< in one window, and at least half of its calls
    std::chrono::milliseconds window{30'000};    ///< how long a call counts
    std::chrono::milliseconds cool_down{5'000};  ///< open this long, then one trial call
    std::size_t calls_max = 200;                 ///< remembered; older ones are forgotten
};

enum class BreakerState : std::uint8_t {
    Closed,    ///< calls go through
    Open,      ///< calls fail at once
    HalfOpen,  ///< cooled down: one trial call decides
};
std::string_view to_text(BreakerState state);  ///< "closed", "open", "half_open"

/// Stops asking a peer that keeps failing, so that our callers get a quick answer and the peer gets
/// time to recover. Pure: time comes in, nothing is read. Not thread-safe; see shared_breaker.h.
///
/// Every call that `allows` let through ends with one `succeeded` or `failed`. A trial call that
/// never reports back is given up after another cool-down.
class CircuitBreaker {
public:
    explicit CircuitBreaker(BreakerPolicy policy) : policy_(policy) {}

    [[nodiscard]] bool allows(SteadyMoment now);
    void succeeded(SteadyMoment now);
    void failed(SteadyMoment now);

    [[nodiscard]] BreakerState state(SteadyMoment now) const;
    /// How long until a call may be tried again; zero when one may be tried now.
    [[nodiscard]] std::chrono::milliseconds wait(SteadyMoment now) const;

private:
    struct Call {
        SteadyMoment at;
        bool failed;
    };
    void remember(Call call);
    void open(SteadyMoment now);

    BreakerPolicy policy_;
    std::deque<Call> calls_;
    std::optional<SteadyMoment> opened_at_;  ///< set while open or half open
    std::optional<SteadyMoment> trial_at_;   ///< set while a trial call is out
};

}  // namespace turnpike
