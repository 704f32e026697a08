#include "http/server.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "base/check.h"
#include "http/connection.h"
#include "http/thread_context.h"

namespace turnpike::http {
namespace {

using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{20};
constexpr std::chrono::milliseconds kStopPoll{2};
constexpr std::chrono::seconds kStuckHandlerNotice{10};

/// Linux's SO_REUSEPORT: the kernel spreads new connections over all listeners.
using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

enum class Sharing : std::uint8_t { Exclusive, PerThread };

void log_unless_cancelled(const std::exception_ptr& failure, const char* what) {
    if (!failure) return;
    try {
        std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
        if (error.code() != asio::error::operation_aborted)
            spdlog::error("event=http.{}_failed error=\"{}\"", what, error.what());
    } catch (const std::exception& error) {
        spdlog::error("event=http.{}_failed error=\"{}\"", what, error.what());
    }
}

/// One thread: an io_context, a listener, its connections.
class Worker {
public:
    Worker(const ServerConfig& config, const Dispatch& dispatch, ServerCounts& counts)
        : context_(config, dispatch, counts), acceptor_(context_.io), tick_(context_.io) {}

    error_code listen(const tcp::endpoint& endpoint, Sharing sharing) {
        error_code error;
        acceptor_.open(endpoint.protocol(), error);
        if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
        if (!error && sharing == Sharing::PerThread) acceptor_.set_option(ReusePort(true), error);
        // Accepted sockets inherit it.
        if (!error) acceptor_.set_option(tcp::no_delay(true), error);
        if (!error) acceptor_.bind(endpoint, error);
        if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
        return error;
    }
    [[nodiscard]] tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

    void start() {
        asio::co_spawn(context_.io, accept(), [](const std::exception_ptr& failure) {
            log_unless_cancelled(failure, "accept");
        });
        asio::co_spawn(context_.io, keep_time(), [](const std::exception_ptr& failure) {
            log_unless_cancelled(failure, "timer");
        });
        thread_ = std::thread([this] { context_.io.run(); });
    }
    void begin_stop() {
        asio::post(context_.io, [this] {
            context_.is_stopping = true;
            error_code ignored;
            acceptor_.close(ignored);
            for (Connection* const connection : context_.connections) connection->begin_stop();
            end_when_empty();
        });
    }
    void force_stop() {
        asio::post(context_.io, [this] {
            // Closing completes operations later, so nothing leaves the list meanwhile.
            for (Connection* const connection : context_.connections) connection->force_stop();
        });
    }
    void join() {
        if (thread_.joinable()) thread_.join();
    }

private:
    asio::awaitable<void> accept() {
        asio::steady_timer pause(context_.io);
        while (!context_.is_stopping) {
            error_code error;
            if (context_.counts.open.load() < context_.config.connections_max) {
                auto socket = co_await acceptor_.async_accept(
                    asio::redirect_error(asio::use_awaitable, error));
                if (!error) serve(std::move(socket));
                if (!error || error == asio::error::operation_aborted ||
                    error == asio::error::connection_aborted)
                    continue;
                spdlog::error("event=http.accept_failed error=\"{}\"", error.message());
            }
            // Full, or out of descriptors: the kernel's queue holds the others meanwhile.
            pause.expires_after(kAcceptPause);
            co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
        }
    }

    void serve(Connection::Socket socket) {
        auto connection = std::make_unique<Connection>(context_, std::move(socket));
        Connection* const serving = connection.get();
        asio::co_spawn(context_.io, serving->run(),
                       asio::bind_cancellation_slot(serving->cancellation.slot(),
                                                    [this, owned = std::move(connection)](
                                                        const std::exception_ptr& failure) mutable {
                                                        log_unless_cancelled(failure, "connection");
                                                        owned.reset();
                                                        end_when_empty();
                                                    }));
    }

    asio::awaitable<void> keep_time() {
        while (!context_.is_stopping || !context_.connections.empty()) {
            error_code error;
            tick_.expires_after(context_.tick_period);
            co_await tick_.async_wait(asio::redirect_error(asio::use_awaitable, error));
            context_.tick();
            for (Connection* const connection : context_.connections) connection->check_deadline();
        }
    }

    void end_when_empty() {
        if (context_.is_stopping && context_.connections.empty()) tick_.cancel();
    }

    ThreadContext context_;
    asio::basic_socket_acceptor<tcp, asio::io_context::executor_type> acceptor_;
    asio::steady_timer tick_;
    std::thread thread_;
};

Result<tcp::endpoint> resolve(const std::string& host, std::uint16_t port) {
    asio::io_context io;
    tcp::resolver resolver(io);
    error_code error;
    const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive, error);
    if (!error && !found.empty()) return found.begin()->endpoint();
    return unavailable("http.cannot_listen", "cannot listen on " + host + ": " + error.message());
}

}  // namespace

struct Server::State {
    explicit State(ServerConfig server_config, Dispatch server_dispatch)
        : config(std::move(server_config)), dispatch(std::move(server_dispatch)) {}

    const ServerConfig config;
    const Dispatch dispatch;
    ServerCounts counts;
    std::uint16_t port = 0;
    std::vector<std::unique_ptr<Worker>> workers;
    std::mutex stop_mutex;
    bool is_stopped = false;  ///< guarded by stop_mutex

    error_code listen(tcp::endpoint endpoint) {
        const std::size_t threads = std::max<std::size_t>(1, config.threads);
        // SO_REUSEPORT would join another program's listener without a word, so ask first.
        if (threads > 1 && endpoint.port() != 0) {
            Worker probe(config, dispatch, counts);
            if (const auto error = probe.listen(endpoint, Sharing::Exclusive)) return error;
        }
        const auto sharing = threads > 1 ? Sharing::PerThread : Sharing::Exclusive;
        for (std::size_t i = 0; i < threads; ++i) {
            auto worker = std::make_unique<Worker>(config, dispatch, counts);
            if (const auto error = worker->listen(endpoint, sharing)) return error;
            endpoint.port(worker->endpoint().port());
            workers.push_back(std::move(worker));
        }
        port = endpoint.port();
        return {};
    }

    /// True when no connection is left.
    bool wait_until_empty(std::chrono::milliseconds patience) const {
        const auto end = std::chrono::steady_clock::now() + patience;
        while (counts.open.load() > 0) {
            if (std::chrono::steady_clock::now() >= end) return false;
            std::this_thread::sleep_for(kStopPoll);
        }
        return true;
    }
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() { stop(std::chrono::milliseconds(0)); }

Result<std::unique_ptr<Server>> Server::start(ServerConfig config, Dispatch dispatch) {
    check(static_cast<bool>(dispatch), "a server has a dispatch function");
    auto state = std::make_unique<State>(std::move(config), std::move(dispatch));
    const auto endpoint = resolve(state->config.host, state->config.port);
    if (!endpoint) return failure(endpoint);
    if (const auto error = state->listen(*endpoint))
        return unavailable("http.cannot_listen", "cannot listen on " + state->config.host + ":" +
                                                     std::to_string(state->config.port) + ": " +
                                                     error.message());
    for (const auto& worker : state->workers) worker->start();
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

std::uint16_t Server::port() const { return state_->port; }
std::size_t Server::open_connections() const { return state_->counts.open.load(); }

void Server::stop(std::chrono::milliseconds grace) {
    const std::lock_guard lock(state_->stop_mutex);
    if (state_->is_stopped) return;
    state_->is_stopped = true;
    for (const auto& worker : state_->workers) worker->begin_stop();
    if (!state_->wait_until_empty(grace)) {
        for (const auto& worker : state_->workers) worker->force_stop();
        while (!state_->wait_until_empty(kStuckHandlerNotice))
            spdlog::error("event=http.stop_waits handlers={}", state_->counts.open.load());
    }
    for (const auto& worker : state_->workers) worker->join();
}

}  // namespace turnpike::http
