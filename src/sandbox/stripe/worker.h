#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "sandbox/stripe/twin.h"

namespace turnpike::twin {

struct WorkerConfig {
    /// When to try a webhook again, counted from the failed try; one entry per further try. As in
    /// Stripe's sandboxes: three tries over a few hours, the first repeat soon.
    std::vector<std::chrono::milliseconds> retry_after{std::chrono::seconds(20),
                                                       std::chrono::hours(2)};
    /// Changes wake the worker at once; this is for what falls due by itself.
    std::chrono::milliseconds look_every{250};
    std::chrono::milliseconds delivery_timeout{10'000};
};

/// Sends the queued webhooks, one at a time and oldest first for each endpoint, endpoints side by
/// side; moves test clocks; runs the billing engine on the real clock. Everything it does is a row
/// first, so a restart goes on where it ended: a delivery cut off by a stop is sent again.
class Worker {
public:
    /// Runs on `io`, which one thread serves. `twin` outlives the worker.
    Worker(asio::io_context& io, Twin& twin, WorkerConfig config);
    /// stop() first, and let `io` run until its work is done.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void start();
    /// Thread-safe. Ends what is being sent.
    void stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace turnpike::twin
