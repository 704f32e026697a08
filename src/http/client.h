#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "http/address_guard.h"
#include "http/message.h"

namespace turnpike::http {

namespace asio = boost::asio;

/// What becomes of an answer that is longer than `reply_bytes_max`.
enum class LongReply : bool { Refused, Cut };

struct Call {
    Method method = Method::Get;
    std::string url;  ///< http:// or https://
    Headers headers{};
    std::string body{};
    std::chrono::milliseconds timeout{10'000};  ///< waiting, connecting and transfer together
    std::size_t reply_bytes_max = std::size_t{8} << 20;
    LongReply long_reply = LongReply::Refused;
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
        /// For URLs that somebody else has chosen; absent: for our own. Proxies of the environment
        /// are passed by then, because they would connect in our place.
        std::optional<AddressGuard> guard{};
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
    ///         those of AddressGuard::resolve, where the client has a guard
    asio::awaitable<Result<Reply>> send(Call call);
    /// For commands and tests. Never from an io_context thread.
    Result<Reply> send_blocking(const Call& call);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace turnpike::http
