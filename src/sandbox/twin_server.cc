#include "sandbox/twin_server.h"

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "http/server.h"
#include "sandbox/chaos/chaos.h"
#include "sandbox/inspector/inspector.h"

namespace turnpike::twin {
namespace {

constexpr auto kGrace = std::chrono::seconds(5);

/// Of an IPv6 address, which has colons of its own, with brackets.
std::string url_of(const std::string& host, std::uint16_t port) {
    const bool is_v6 = host.contains(':');
    return "http://" + (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace

struct TwinServer::State {
    std::string host;
    std::unique_ptr<ProviderTwin> twin;
    std::unique_ptr<Chaos> chaos;
    std::optional<Inspector> inspector;
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
    state->chaos = std::make_unique<Chaos>(the_twin);
    Chaos& chaos = *state->chaos;
    if (config.chaos) chaos.set_at_start(*config.chaos);
    Inspector& inspector = state->inspector.emplace(the_twin, chaos);
    http::ServerConfig listening;
    listening.host = config.host;
    listening.port = config.port;
    listening.threads = config.threads;
    listening.on_refusal = [&the_twin](const http::Request& request, http::Response& answer) {
        answer = Inspector::wants(request) ? Inspector::refused(answer.status)
                                           : the_twin.refused(request, answer.status);
    };
    auto answer = [&chaos, &inspector](http::Request& request) {
        return Inspector::wants(request) ? inspector.answer(request) : chaos.handle(request);
    };
    auto server = http::Server::start(std::move(listening), answer);
    if (!server) return failure(server);
    state->server = *std::move(server);

    the_twin.set_base_url(url_of(config.host, state->server->port()));

    state->worker.emplace(state->io, the_twin, chaos, config.worker);
    state->worker->start();
    state->worker_thread = std::jthread([&io = state->io] { io.run(); });
    return std::unique_ptr<TwinServer>(new TwinServer(std::move(state)));
}

std::uint16_t TwinServer::port() const { return state_->server->port(); }

std::string TwinServer::url() const { return url_of(state_->host, port()); }

http::Response TwinServer::answer(http::Request request) {
    asio::io_context caller;
    auto answered = asio::co_spawn(caller, state_->twin->handle(request), boost::asio::use_future);
    caller.run();
    return answered.get();
}

void TwinServer::stop() {
    if (std::exchange(state_->stopped, true)) return;
    state_->server->stop(kGrace);
    state_->worker->stop();
    state_->worker_thread.join();
    state_->worker.reset();
    state_->chaos.reset();
    state_->twin.reset();
}

}  // namespace turnpike::twin
