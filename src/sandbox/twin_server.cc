#include "sandbox/twin_server.h"

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "http/server.h"

namespace turnpike::twin {
namespace {

constexpr auto kGrace = std::chrono::seconds(5);

}  // namespace

struct TwinServer::State {
    std::string host;
    std::unique_ptr<ProviderTwin> twin;
    asio::io_context io;
    std::optional<Worker> worker;
    std::unique_ptr<http::Server> server;
    std::jthread worker_thread;
    bool stopped = false;
};

TwinServer::TwinServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
TwinServer::~TwinServer() { stop(); }

Result<std::unique_ptr<TwinServer>> TwinServer::start(const TwinServerConfig& config,
                                                      std::unique_ptr<ProviderTwin> twin) {
    auto state = std::make_unique<State>();
    state->host = config.host;
    state->twin = std::move(twin);
    ProviderTwin& the_twin = *state->twin;
    http::ServerConfig listening;
    listening.host = config.host;
    listening.port = config.port;
    listening.threads = config.threads;
    listening.on_refusal = [&the_twin](const http::Request& request, http::Response& answer) {
        answer = the_twin.refused(request, answer.status);
    };
    auto server = http::Server::start(std::move(listening), [&the_twin](http::Request& request) {
        return the_twin.handle(request);
    });
    if (!server) return failure(server);
    state->server = *std::move(server);

    the_twin.set_base_url("http://" + config.host + ":" + std::to_string(state->server->port()));

    state->worker.emplace(state->io, the_twin, config.worker);
    state->worker->start();
    state->worker_thread = std::jthread([&io = state->io] { io.run(); });
    return std::unique_ptr<TwinServer>(new TwinServer(std::move(state)));
}

std::uint16_t TwinServer::port() const { return state_->server->port(); }

std::string TwinServer::url() const {
    return "http://" + state_->host + ":" + std::to_string(port());
}

void TwinServer::stop() {
    if (std::exchange(state_->stopped, true)) return;
    state_->server->stop(kGrace);
    state_->worker->stop();
    state_->worker_thread.join();
    state_->worker.reset();
    state_->twin.reset();
}

}  // namespace turnpike::twin
