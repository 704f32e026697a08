#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "http/message.h"
#include "sandbox/chaos/misfortune.h"
#include "sandbox/provider_twin.h"
#include "sandbox/worker.h"

namespace turnpike::twin {

struct TwinServerConfig {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0 picks a free one
    std::size_t threads = 1;
    WorkerConfig worker{};
    /// Misfortune from the start; nullopt: as it was planned before, if it was.
    std::optional<ChaosPlan> chaos{};
};

/// Runs one twin: its HTTP server, and a thread for webhooks and what falls due by itself.
class TwinServer {
public:
    /// Listens and starts delivering. `twin` is owned from here on.
    /// Errors: as http::Server::start.
    static Result<std::unique_ptr<TwinServer>> start(const TwinServerConfig& config,
                                                     std::unique_ptr<ProviderTwin> twin);
    /// stop().
    ~TwinServer();
    TwinServer(const TwinServer&) = delete;
    TwinServer& operator=(const TwinServer&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    /// "http://127.0.0.1:12111"
    [[nodiscard]] std::string url() const;
    /// What the twin answers, without a network. Blocks; never from a thread of this server.
    [[nodiscard]] http::Response answer(http::Request request);
    /// Answers what is in flight, ends deliveries (they are sent again after the next start), and
    /// closes the data. Blocks; idempotent.
    void stop();

private:
    struct State;
    explicit TwinServer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace turnpike::twin
