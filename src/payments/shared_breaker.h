#pragma once

#include <chrono>
#include <mutex>

#include "payments/circuit_breaker.h"

namespace turnpike {

/// The breaker that all coroutines of one provider share. Thread-safe; the lock is held for the
/// length of one decision and never across an await.
class SharedBreaker {
public:
    explicit SharedBreaker(BreakerPolicy policy) : breaker_(policy) {}

    [[nodiscard]] bool allows() {
        const std::scoped_lock lock(mutex_);
        return breaker_.allows(now());
    }
    void succeeded() {
        const std::scoped_lock lock(mutex_);
        breaker_.succeeded(now());
    }
    void failed() {
        const std::scoped_lock lock(mutex_);
        breaker_.failed(now());
    }
    [[nodiscard]] BreakerState state() const {
        const std::scoped_lock lock(mutex_);
        return breaker_.state(now());
    }
    [[nodiscard]] std::chrono::milliseconds wait() const {
        const std::scoped_lock lock(mutex_);
        return breaker_.wait(now());
    }

private:
    static SteadyMoment now() { return std::chrono::steady_clock::now(); }

    mutable std::mutex mutex_;
    CircuitBreaker breaker_;
};

}  // namespace turnpike
