#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <variant>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "base/error.h"
#include "base/time.h"
#include "crypto/secret_box.h"
#include "http/address_guard.h"
#include "http/client.h"
#include "sql/database.h"
#include "webhooks/outbound_metrics.h"

namespace turnpike {

namespace asio = boost::asio;

/// An alert as a letter.
struct AlertMail {
    std::string to;
    std::string subject;
    std::string text;
    std::string id;  ///< of the event: the same at every try
};
using AlertMailer = std::function<asio::awaitable<Result<std::monostate>>(AlertMail)>;

struct OutboundConfig {
    int lanes = 16;            ///< deliveries at the same time
    int per_endpoint_max = 4;  ///< of them, to one endpoint, on all nodes
    std::chrono::seconds timeout{15};
    /// How long a delivery is its sender's: one whose process died is taken up after it.
    std::chrono::seconds lease{60};
    std::chrono::milliseconds poll{1'000};
    std::chrono::seconds between_counts{5};
    std::chrono::hours keep{24 * 30};  ///< deliveries that ended, and their events
    std::chrono::minutes between_purges{60};
};

/// What the worker works with; all of it outlives the worker.
struct OutboundWorld {
    sql::Database& db;
    const Clock& clock;
    IdSource& ids;
    const SecretBox& box;
    const http::AddressGuard& guard;
    http::Client& http;  ///< guarded by the same guard
    AlertMailer mail;    ///< empty: no mail server is configured
};

/// Sends what the outbox holds: at least once, an object's events in order, an endpoint that does
/// not answer again and again for 75 hours. Several on one database share the work.
class OutboundWorker {
public:
    OutboundWorker(asio::io_context& io, OutboundWorld world, OutboundConfig config,
                   OutboundMetrics metrics);
    /// Only after stop() has taken effect (stopped()) or the io_context has ended.
    ~OutboundWorker();
    OutboundWorker(const OutboundWorker&) = delete;
    OutboundWorker& operator=(const OutboundWorker&) = delete;

    /// Once.
    void start();
    /// There may be something to do. Thread-safe and cheap.
    void wake();
    /// Ends after the deliveries under way. Thread-safe.
    void stop();
    [[nodiscard]] bool stopped() const;  ///< thread-safe

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace turnpike
