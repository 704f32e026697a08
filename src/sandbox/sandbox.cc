#include "sandbox/sandbox.h"

#include <chrono>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "http/server.h"
#include "sandbox/stripe/answer.h"
#include "sandbox/stripe/routes.h"
#include "sandbox/stripe/twin.h"

namespace turnpike {
namespace {

constexpr auto kGrace = std::chrono::seconds(5);

}  // namespace

struct Sandbox::State {
    std::string host;
    std::unique_ptr<twin::Twin> twin;
    twin::asio::io_context io;
    std::optional<twin::Worker> worker;
    std::unique_ptr<http::Server> server;
    std::jthread worker_thread;
    bool stopped = false;
};

Sandbox::Sandbox(std::unique_ptr<State> state) : state_(std::move(state)) {}
Sandbox::~Sandbox() { stop(); }

Result<std::unique_ptr<Sandbox>> Sandbox::start(const SandboxConfig& config, const Clock& clock,
                                                IdSource& ids) {
    std::error_code no_folder;
    std::filesystem::create_directories(config.data_dir, no_folder);
    if (no_folder)
        return unavailable("sandbox.no_data_dir",
                           "cannot make " + config.data_dir.string() + ": " + no_folder.message());
    auto opened = twin::Twin::open(
        {.data_dir = config.data_dir,
         .surroundings = {.billing = twin::billing_hooks(),
                          .customers_per_clock_max = config.customers_per_clock_max}},
        clock, ids);
    if (!opened) return failure(opened);

    auto state = std::make_unique<State>();
    state->host = config.host;
    state->twin = *std::move(opened);
    twin::Twin& the_twin = *state->twin;
    http::ServerConfig listening;
    listening.host = config.host;
    listening.port = config.port;
    listening.threads = config.threads;
    listening.on_refusal = [&clock](const http::Request& request, http::Response& answer) {
        answer = twin::refused_request(request, answer.status, clock.now());
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
    return std::unique_ptr<Sandbox>(new Sandbox(std::move(state)));
}

std::uint16_t Sandbox::port() const { return state_->server->port(); }

std::string Sandbox::url() const { return "http://" + state_->host + ":" + std::to_string(port()); }

void Sandbox::stop() {
    if (std::exchange(state_->stopped, true)) return;
    state_->server->stop(kGrace);
    state_->worker->stop();
    state_->worker_thread.join();
    state_->worker.reset();
    state_->twin.reset();
}

}  // namespace turnpike
