#pragma once

#include <chrono>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "billing/context.h"

namespace turnpike {

/// How often the worker looks, and how old an unfinished thing must be before it is taken up again
/// (younger ones are still in the hands of the request that began them).
struct WorkerSchedule {
    std::chrono::milliseconds look_every{1'000};
    std::chrono::seconds command_age{45};
    std::chrono::seconds overdue_grace{300};
    std::chrono::seconds reconcile_every{3'600};
};

/// Finishes what was begun: commands without an outcome, period closes, periods whose renewal
/// nobody told us about, customers whose new name the provider has not heard, and a regular
/// reconciliation, with which it looks for late usage of ended subscriptions. At start it takes up
/// everything at once, whatever its age, because whoever began it is gone. One coroutine on the
/// given io_context; every pass logs its errors and goes on.
class BillingWorker {
public:
    BillingWorker(asio::io_context& io, BillingContext& billing, WorkerSchedule schedule);
    /// stop() first, and let the io_context run until it has taken effect.
    ~BillingWorker();
    BillingWorker(const BillingWorker&) = delete;
    BillingWorker& operator=(const BillingWorker&) = delete;

    void start();
    /// Ends after the step under way. Thread-safe.
    void stop();

    /// Seconds since the last completed pass; for /readyz and metrics. Thread-safe.
    [[nodiscard]] std::int64_t seconds_since_pass() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// One pass, for tests and `turnpike reconcile`: every pending command created before `before`,
/// every pending close, every overdue period, every customer who changed until then.
/// \return how many were finished
asio::awaitable<std::int64_t> run_billing_pass(BillingContext& billing, Instant before,
                                               Instant overdue_before);

}  // namespace turnpike
