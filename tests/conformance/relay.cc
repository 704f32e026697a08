#include "conformance/relay.h"

#include <array>
#include <chrono>
#include <future>
#include <list>
#include <stdexcept>
#include <thread>
#include <utility>

#include <boost/asio.hpp>
#include <fmt/format.h>

namespace turnpike::sql {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Socket = std::shared_ptr<tcp::socket>;

std::uint16_t port_of(const std::string& url) {
    const auto begin = url.rfind(':') + 1;
    const auto port = std::stoul(url.substr(begin, url.find('/', begin) - begin));
    return static_cast<std::uint16_t>(port);
}

/// A socket or an acceptor; it may be closed already.
template <class Closable>
void close_now(Closable& each) {
    boost::system::error_code ignored;
    static_cast<void>(each.close(ignored));
}

tcp::endpoint local(std::uint16_t port) { return {asio::ip::address_v4::loopback(), port}; }

}  // namespace

struct Relay::State {
    std::string server_url;
    asio::io_context io{1};
    tcp::acceptor acceptor{io};
    std::uint16_t port = 0;
    bool silent = false;
    std::list<std::weak_ptr<tcp::socket>> sockets{};
    std::thread thread{};

    void listen() {
        acceptor.open(tcp::v4());
        acceptor.set_option(tcp::acceptor::reuse_address(true));
        acceptor.bind(local(port));
        acceptor.listen();
        port = acceptor.local_endpoint().port();
        asio::co_spawn(io, accept(), asio::detached);
    }
    asio::awaitable<void> accept() {
        try {
            for (;;) {
                auto near = std::make_shared<tcp::socket>(
                    co_await acceptor.async_accept(asio::use_awaitable));
                co_await connect(std::move(near));
            }
        } catch (const boost::system::system_error&) {
            co_return;  // closed
        }
    }
    /// A server that refuses loses this connection, not those to come.
    asio::awaitable<void> connect(Socket near) {
        auto far = std::make_shared<tcp::socket>(io);
        try {
            co_await far->async_connect(local(port_of(server_url)), asio::use_awaitable);
        } catch (const boost::system::system_error&) {
            close_now(*near);
            co_return;
        }
        sockets.insert(sockets.end(), {near, far});
        asio::co_spawn(io, pass_on(near, far), asio::detached);
        asio::co_spawn(io, pass_on(far, near), asio::detached);
    }
    asio::awaitable<void> pass_on(Socket from, Socket to) {
        try {
            std::array<char, 8192> bytes{};
            asio::steady_timer pause(io);
            for (;;) {
                const auto size =
                    co_await from->async_read_some(asio::buffer(bytes), asio::use_awaitable);
                while (silent) {
                    pause.expires_after(std::chrono::milliseconds(5));
                    co_await pause.async_wait(asio::use_awaitable);
                }
                co_await asio::async_write(*to, asio::buffer(bytes, size), asio::use_awaitable);
            }
        } catch (const boost::system::system_error&) {
            close_now(*to);
        }
        close_now(*from);
    }
    void break_all() {
        close_now(acceptor);
        for (const auto& each : sockets)
            if (const auto socket = each.lock()) close_now(*socket);
        sockets.clear();
    }
    /// Runs `work` on the relay's thread, and waits.
    void run(std::move_only_function<void()> work) {
        std::promise<void> done;
        asio::post(io, [&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }
};

Relay::Relay(const std::string& url) : state_(new State{.server_url = url}) {
    state_->listen();
    state_->thread = std::thread([state = state_.get()] {
        const auto guard = asio::make_work_guard(state->io);
        state->io.run();
    });
}

Relay::~Relay() {
    state_->run([this] { state_->break_all(); });
    state_->io.stop();
    state_->thread.join();
}

std::string Relay::url() const {
    const char separator = state_->server_url.contains('?') ? '&' : '?';
    return fmt::format("{}{}port={}", state_->server_url, separator, state_->port);
}

void Relay::fall_silent() {
    state_->run([this] { state_->silent = true; });
}
void Relay::speak() {
    state_->run([this] { state_->silent = false; });
}
void Relay::close() {
    state_->run([this] { state_->break_all(); });
}
void Relay::open() {
    state_->run([this] { state_->listen(); });
}

}  // namespace turnpike::sql
