#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "analytics/usage/request_line.h"
#include "analytics/usage/request_store.h"
#include "base/error.h"
#include "base/time.h"
#include "catalog/cache.h"
#include "sql/database.h"

namespace turnpike {

/// What became of lines of gateways' access logs. Each is told once as one of the others; those of
/// UnknownCustomer were told as Counted before, when nobody had looked the customer up.
enum class LineFate : std::uint8_t {
    Counted,  ///< in the sum of all requests, and in that of the customer whom it names
    Unreadable,
    UnknownCustomer,  ///< of those counted: in no customer's sum, as there is no such customer
    Dropped,          ///< too many customers and routes at once, or the ledger failed for too long
};
std::string_view to_text(LineFate fate);  ///< "counted"

/// Takes the access logs of gateways by UDP, one line a datagram, and keeps requests and latencies
/// by customer, route and hour of arrival. Operational figures, no money: datagrams can be lost,
/// and a crash loses what the last seconds brought.
class GatewayLog {
public:
    struct Config {
        std::string host;  ///< an IP address
        std::uint16_t port = 0;
    };
    /// All outlive it.
    struct World {
        sql::Database& db;
        CatalogCache& catalog;
        const Clock& clock;
        std::function<void(LineFate fate, std::uint64_t lines)> told;  ///< called on its thread
    };
    /// Listens from now on, on a thread of its own, and stores what it has every few seconds.
    /// Errors: Unavailable "gateway_log.cannot_listen".
    static Result<std::unique_ptr<GatewayLog>> start(const Config& config, World world);
    GatewayLog(const GatewayLog&) = delete;
    GatewayLog& operator=(const GatewayLog&) = delete;
    ~GatewayLog();

    /// Stores what it has. Idempotent.
    void stop();
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    explicit GatewayLog(World world) : world_(std::move(world)) {}
    Result<std::monostate> listen(const Config& config);
    boost::asio::awaitable<void> receive();
    boost::asio::awaitable<void> store_regularly();
    void count(std::string_view datagram);
    void store();

    // More would be more rows in one transaction than the ledger should wait for.
    static constexpr std::size_t kKeysMax = 50'000;
    static constexpr std::size_t kDatagramBytesMax = 65'535;

    World world_;
    std::uint16_t port_ = 0;
    std::atomic<bool> is_stopping_ = false;
    // Only its thread, until stop() has joined it.
    RequestRollups waiting_;
    std::array<char, kDatagramBytesMax> datagram_{};

    boost::asio::thread_pool thread_{1};
    boost::asio::ip::udp::socket socket_{thread_};
    boost::asio::steady_timer timer_{thread_};
};

}  // namespace turnpike
