#include "analytics/usage/gateway_log.h"

#include <chrono>
#include <exception>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "entitlements/gateway_route.h"

namespace turnpike {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kStoreEvery{5};
/// What the kernel keeps while the ledger is written to; it may allow less.
constexpr int kReceiveBufferBytes = 4 << 20;

std::string route_of(const RequestLine& line, const Catalog& catalog) {
    const auto path = gateway_path(line.target);
    const RouteCost* cost = path ? catalog.route_cost(line.method, *path) : nullptr;
    return cost == nullptr ? kOtherRoute : route_name(*cost);
}

RequestFigures figures_of(const RequestLine& line) {
    RequestFigures figures{.requests = 1,
                           .client_errors = line.status >= 400 && line.status < 500 ? 1 : 0,
                           .server_errors = line.status >= 500 ? 1 : 0,
                           .latency = {}};
    figures.latency.add(line.latency);
    return figures;
}

}  // namespace

std::string_view to_text(LineFate fate) {
    switch (fate) {
        case LineFate::Counted: return "counted";
        case LineFate::Unreadable: return "unreadable";
        case LineFate::UnknownCustomer: return "unknown_customer";
        case LineFate::Dropped: return "dropped";
    }
    return "";
}

Result<std::unique_ptr<GatewayLog>> GatewayLog::start(const Config& config, World world) {
    std::unique_ptr<GatewayLog> log(new GatewayLog(std::move(world)));
    const auto listening = log->listen(config);
    if (!listening) return failure(listening);
    const auto ended = [](const std::exception_ptr& error) {
        if (error) spdlog::error("event=gateway_log.ended");
    };
    asio::co_spawn(log->thread_, log->receive(), ended);
    asio::co_spawn(log->thread_, log->store_regularly(), ended);
    return log;
}

GatewayLog::~GatewayLog() { stop(); }

Result<std::monostate> GatewayLog::listen(const Config& config) {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(config.host, error);
    const asio::ip::udp::endpoint endpoint(address, config.port);
    if (!error) socket_.open(endpoint.protocol(), error);
    if (!error) socket_.bind(endpoint, error);
    if (error)
        return unavailable("gateway_log.cannot_listen", "cannot listen on udp://" + config.host +
                                                            ":" + std::to_string(config.port) +
                                                            ": " + error.message());
    // As much as is allowed; less only loses lines earlier.
    socket_.set_option(asio::socket_base::receive_buffer_size(kReceiveBufferBytes), error);
    port_ = socket_.local_endpoint().port();
    return std::monostate{};
}

void GatewayLog::stop() {
    if (is_stopping_.exchange(true)) return;
    const auto end = [this] {
        socket_.close();
        timer_.cancel();
    };
    asio::post(thread_, end);
    thread_.join();
    store();
}

asio::awaitable<void> GatewayLog::receive() {
    while (!is_stopping_) {
        asio::ip::udp::endpoint sender;
        boost::system::error_code failed;
        const std::size_t bytes = co_await socket_.async_receive_from(
            asio::buffer(datagram_), sender, asio::redirect_error(asio::use_awaitable, failed));
        if (failed && !is_stopping_)
            spdlog::error("event=gateway_log.deaf message=\"{}\"", failed.message());
        if (failed) co_return;
        count({datagram_.data(), bytes});
    }
}

asio::awaitable<void> GatewayLog::store_regularly() {
    while (!is_stopping_) {
        timer_.expires_after(kStoreEvery);
        boost::system::error_code woken;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        if (!is_stopping_) store();
    }
}

void GatewayLog::count(std::string_view datagram) {
    const auto line = read_request_line(datagram);
    if (!line) return world_.told(LineFate::Unreadable, 1);
    if (waiting_.size() >= kKeysMax) return world_.told(LineFate::Dropped, 1);
    const auto catalog = world_.catalog.get();
    RequestKey key{.customer = "",
                   .route = route_of(*line, *catalog),
                   .hour = std::chrono::floor<std::chrono::hours>(world_.clock.now())};
    const RequestFigures figures = figures_of(*line);
    waiting_[key].add(figures);
    world_.told(LineFate::Counted, 1);
    if (line->customer.empty()) return;
    key.customer = line->customer;
    waiting_[std::move(key)].add(figures);
}

/// What the ledger does not take stays, and is tried again.
void GatewayLog::store() {
    if (waiting_.empty()) return;
    try {
        const std::int64_t unknown = world_.db.write_blocking(
            [&](sql::Transaction& tx) { return add_requests(tx, waiting_); });
        waiting_.clear();
        if (unknown > 0)
            world_.told(LineFate::UnknownCustomer, static_cast<std::uint64_t>(unknown));
    } catch (const sql::Failure& failure) {
        spdlog::warn("event=gateway_log.waits message=\"{}\"", failure.what());
    }
}

}  // namespace turnpike
