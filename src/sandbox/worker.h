#pragma once

#include <chrono>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "sandbox/chaos/chaos.h"
#include "sandbox/provider_twin.h"

namespace turnpike::twin {

struct WorkerConfig {
    /// Changes wake the worker at once; this is for what falls due by itself.
    std::chrono::milliseconds look_every{250};
    std::chrono::milliseconds delivery_timeout{10'000};
    /// How often what is too old is removed; for the first time at once.
    std::chrono::milliseconds prune_every{std::chrono::hours(1)};
};

/// Sends the queued webhooks, one at a time and oldest first for each endpoint, endpoints side by
/// side; has the twin do what is due. Everything it does is a row
/// first, so a restart goes on where it ended: a delivery cut off by a stop is sent again.
class Worker {
public:
    /// Runs on `io`, which one thread serves. `twin` and `chaos`, which webhooks meet, outlive the
    /// worker.
    Worker(asio::io_context& io, ProviderTwin& twin, const Chaos& chaos, WorkerConfig config);
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
