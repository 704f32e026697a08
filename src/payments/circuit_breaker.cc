#include "payments/circuit_breaker.h"

#include <algorithm>
#include <utility>

namespace turnpike {

std::string_view to_text(BreakerState state) {
    switch (state) {
        case BreakerState::Closed: return "closed";
        case BreakerState::Open: return "open";
        case BreakerState::HalfOpen: return "half_open";
    }
    std::unreachable();
}

bool CircuitBreaker::allows(SteadyMoment now) {
    if (!opened_at_) return true;
    if (wait(now).count() > 0) return false;
    trial_at_ = now;
    return true;
}

void CircuitBreaker::succeeded(SteadyMoment now) {
    if (opened_at_) {
        // An answer to a call from before the opening says nothing about now; only a trial does.
        if (!trial_at_) return;
        opened_at_.reset();
        trial_at_.reset();
        calls_.clear();
    }
    remember({now, false});
}

void CircuitBreaker::failed(SteadyMoment now) {
    if (opened_at_) {
        if (trial_at_) open(now);
        return;
    }
    remember({now, true});
    const auto failures = static_cast<std::size_t>(
        std::ranges::count_if(calls_, [](const Call& c) { return c.failed; }));
    if (failures >= policy_.failures_to_open && failures * 2 >= calls_.size()) open(now);
}

BreakerState CircuitBreaker::state(SteadyMoment now) const {
    if (!opened_at_) return BreakerState::Closed;
    return now - *opened_at_ < policy_.cool_down ? BreakerState::Open : BreakerState::HalfOpen;
}

std::chrono::milliseconds CircuitBreaker::wait(SteadyMoment now) const {
    if (!opened_at_) return std::chrono::milliseconds(0);
    const auto until = trial_at_.value_or(*opened_at_) + policy_.cool_down;
    if (now >= until) return std::chrono::milliseconds(0);
    return std::chrono::ceil<std::chrono::milliseconds>(until - now);
}

void CircuitBreaker::remember(Call call) {
    while (!calls_.empty() && call.at - calls_.front().at >= policy_.window) calls_.pop_front();
    calls_.push_back(call);
    if (calls_.size() > policy_.calls_max) calls_.pop_front();
}

void CircuitBreaker::open(SteadyMoment now) {
    opened_at_ = now;
    trial_at_.reset();
    calls_.clear();
}

}  // namespace turnpike
