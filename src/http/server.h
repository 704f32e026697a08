#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "base/error.h"
#include "http/limits.h"
#include "http/message.h"

namespace turnpike::http {

namespace asio = boost::asio;

/// Answers one request. Runs on the connection's io_context; must not throw (the server answers 500
/// and logs if it does). The request outlives the awaitable.
using Dispatch = std::function<asio::awaitable<Response>(Request&)>;

/// One line per finished request, refused ones included (their path may be empty).
struct AccessRecord {
    const Request& request;
    const Response& response;
    std::chrono::microseconds took;
};
using AccessLog = std::function<void(const AccessRecord&)>;

/// Told of each request that is refused before any handler sees it (framing, limits, time-outs),
/// with the answer, which it may write anew. `request` holds what was read, its path at best.
using OnRefusal = std::function<void(const Request&, Response&)>;

/// Bodies over the body limit of their route. Before such a body is read, its client is asked who
/// it is; then at most kLargeBodiesMax are in the process at a time.
struct LargeBodies {
    /// The most that this request may bring. Not over its body limit: no such body.
    std::function<std::size_t(const Request& head)> limit;
    /// nullopt, or the answer that refuses the request.
    std::function<asio::awaitable<std::optional<Response>>(Request& head)> refusal;
};

/// The limits of limits.h; tests shorten them.
struct Timeouts {
    std::chrono::milliseconds head{kHeadTimeout};  ///< from the first byte of a head to its last
    std::chrono::milliseconds body{kBodyTimeout};  ///< for the whole body
    std::chrono::milliseconds body_grace{kBodyGrace};     ///< then kBodyBytesPerSecond is asked for
    std::chrono::milliseconds idle{kIdleTimeout};         ///< between requests
    std::chrono::milliseconds write{kWriteTimeout};       ///< without the client taking a byte
    std::chrono::milliseconds handler{kHandlerDeadline};  ///< then it is logged, not ended
};

struct ServerConfig {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8080;  ///< 0 picks a free one; see Server::port()
    std::size_t threads = 1;    ///< one io_context and one SO_REUSEPORT listener each
    /// Body limit for a request whose head has arrived; 413 above. Default kBodyBytesMax.
    std::function<std::size_t(Method, std::string_view path)> body_limit;
    LargeBodies large_bodies;  ///< empty: none
    AccessLog access_log;      ///< called on the connection's thread; may be empty
    OnRefusal on_refusal;      ///< the same
    std::string server_name = "turnpike";
    Headers default_headers{};  ///< of every answer that does not say the same itself
    Timeouts timeouts;          ///< checked once a second, or more often when shorter ones need it
    std::size_t connections_max = kConnectionsMax;
};

/// HTTP/1.1 on Beast's parser with our own response writer. Refuses what it does not fully
/// understand: bad framing is 400 and the connection closes; limits and time-outs as in limits.h.
/// Keep-alive and pipelining; HEAD answers without a body; `Expect: 100-continue` is honoured.
/// A pipelined request is handled after the one before it, on the same thread.
class Server {
public:
    /// Binds and starts its threads.
    /// Errors: Unavailable "http.cannot_listen", naming host and port.
    static Result<std::unique_ptr<Server>> start(ServerConfig config, Dispatch dispatch);
    /// stop() with no grace.
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    /// Stops accepting, answers requests in flight with `Connection: close`, waits up to `grace`,
    /// then closes what is left and cancels what its handlers wait for. Returns when no handler
    /// runs any more: an operation that cannot be cancelled (database, client) is waited for.
    /// Blocks; idempotent; never from one of the server's own threads.
    void stop(std::chrono::milliseconds grace);
    [[nodiscard]] std::size_t open_connections() const;

private:
    struct State;
    explicit Server(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace turnpike::http
