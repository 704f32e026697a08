#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "http/message.h"

namespace turnpike::http {

namespace asio = boost::asio;

struct Call {
    Method method = Method::Get;
    std::string url;  ///< http:// or https://
    Headers headers{};
    std::string body{};
    std::chrono::milliseconds timeout{10'000};  ///< waiting, connecting and transfer together
    std::size_t reply_bytes_max = std::size_t{8} << 20;
};

struct Reply {
    int status = 0;
    Headers headers{};
    std::string body{};
};

/// Outgoing HTTP/1.1 on libcurl: a few threads with kept-alive connections, TLS verified, redirects
/// never followed. Thread-safe.
///
/// A request that left on a kept-alive connection which then died is sent again only when that
/// cannot do its work twice: by its method, or by an Idempotency-Key header.
class Client {
public:
    struct Config {
        std::size_t threads = 4;
        std::size_t queue_max = 1'000;
        std::string user_agent = "turnpike";
    };
    explicit Client(Config config);
    /// Ends running calls and fails waiting ones.
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Any HTTP status is a Reply. Resumes on the awaiting coroutine's executor.
    /// Errors: Unavailable "http.not_sent"     no byte of the request left this process (DNS,
    ///                                         refused, TLS, queue full, timed out before that)
    ///         OutcomeUnknown "http.no_reply"  sent, but no complete answer came in time, or one
    ///                                         larger than reply_bytes_max
    asio::awaitable<Result<Reply>> send(Call call);
    /// For commands and tests. Never from an io_context thread.
    Result<Reply> send_blocking(const Call& call);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace turnpike::http
