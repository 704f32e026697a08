#pragma once

#include <chrono>
#include <memory>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "billing/provider/contexts.h"
#include "billing/provider/failure_log.h"

namespace turnpike {

/// How often the worker looks, and how old an unfinished thing must be before it is taken up again
/// (younger ones are still in the hands of the request that began them).
struct WorkerSchedule {
    std::chrono::milliseconds look_every{1'000};
    std::chrono::seconds command_age{45};
    std::chrono::seconds overdue_grace{300};
    std::chrono::seconds reconcile_every{3'600};
};

/// Finishes what was begun: commands and refunds without an outcome, period closes, periods whose
/// renewal nobody told us about, customers whose new name the provider has not heard, cards that it
/// has not looked at for long, and a regular reconciliation, with which it looks for late usage of
/// ended subscriptions. At start it takes up everything at once, whatever its age, because whoever
/// began it is gone. While the ledger does not answer nothing is tried but to ask it again. One
/// coroutine for each provider on the given io_context, so that none waits for another one's; every
/// step of a pass logs its errors, and the next one goes on. What fails again and again is in the
/// log as FailureLog tells it.
class BillingWorker {
public:
    BillingWorker(asio::io_context& io, BillingContexts& billing, WorkerSchedule schedule);
    /// stop() first, and let the io_context run until it has taken effect.
    ~BillingWorker();
    BillingWorker(const BillingWorker&) = delete;
    BillingWorker& operator=(const BillingWorker&) = delete;

    void start();
    /// Ends after the step under way. Thread-safe.
    void stop();

    struct Lag {
        std::string_view provider;
        std::int64_t seconds = 0;  ///< since its last pass ended, or found no ledger
    };
    /// For /readyz and metrics. Thread-safe.
    [[nodiscard]] std::vector<Lag> lags() const;
    /// The longest of them.
    [[nodiscard]] std::int64_t seconds_since_pass() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// One pass with one provider: every pending command and refund created before `before`, every
/// pending close, every overdue period, every customer who changed until then, every trial that is
/// about to end, and subscriptions whose turn in a migration has come.
/// \param failures  of the passes before it; outlives the pass
/// \return how many were finished
asio::awaitable<std::int64_t> run_billing_pass(BillingContext& billing, Instant before,
                                               Instant overdue_before, FailureLog& failures);
/// The same where no other passes are: every failure is in the log.
asio::awaitable<std::int64_t> run_billing_pass(BillingContext& billing, Instant before,
                                               Instant overdue_before);

}  // namespace turnpike
