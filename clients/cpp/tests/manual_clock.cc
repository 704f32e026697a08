#include "manual_clock.h"

#include <algorithm>

namespace turnpike::client {
namespace {

constexpr Clock::Steady kStart{std::chrono::hours(1'000)};
constexpr Instant kWallStart{std::chrono::sys_days(std::chrono::year(2024) / 9 / 15)};
constexpr std::chrono::seconds kPatience{10};

}  // namespace

Instant ManualClock::wall_now() {
    const std::lock_guard lock(mutex_);
    return kWallStart + elapsed_;
}

Clock::Steady ManualClock::now() {
    const std::lock_guard lock(mutex_);
    return kStart + elapsed_;
}

void ManualClock::wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable& wake,
                             Steady until) {
    {
        const std::lock_guard own(mutex_);
        if (kStart + elapsed_ >= until) return;
        waiters_.push_back({lock.mutex(), &wake, until});
        somebody_waits_.notify_all();
    }
    wake.wait(lock);
    const std::lock_guard own(mutex_);
    const auto mine = std::ranges::find_if(waiters_, [&](const Waiter& waiter) {
        return waiter.wake == &wake && waiter.until == until;
    });
    waiters_.erase(mine);
}

void ManualClock::advance(std::chrono::milliseconds by) {
    std::vector<Waiter> due;
    {
        const std::lock_guard lock(mutex_);
        elapsed_ += by;
        std::ranges::copy_if(waiters_, std::back_inserter(due), [&](const Waiter& waiter) {
            return waiter.until <= kStart + elapsed_;
        });
    }
    for (const Waiter& waiter : due) {
        // Whoever holds it is on the way into its wait, and would miss the call.
        const std::lock_guard theirs(*waiter.mutex);
        waiter.wake->notify_all();
    }
}

std::optional<Clock::Steady> ManualClock::first_wait() const {
    std::optional<Steady> first;
    for (const Waiter& waiter : waiters_)
        if (waiter.until != kNever && waiter.until > kStart + elapsed_)
            first = std::min(first.value_or(waiter.until), waiter.until);
    return first;
}

std::optional<std::chrono::milliseconds> ManualClock::next_wait() {
    std::unique_lock lock(mutex_);
    somebody_waits_.wait_for(lock, kPatience, [&] { return first_wait().has_value(); });
    const auto first = first_wait();
    if (!first) return std::nullopt;
    return std::chrono::ceil<std::chrono::milliseconds>(*first - (kStart + elapsed_));
}

}  // namespace turnpike::client
