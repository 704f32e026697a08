#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "http/input_buffer.h"
#include "http/request_parser.h"
#include "http/response_writer.h"
#include "http/thread_context.h"

namespace turnpike::http {

/// One client: reads requests, has them answered, writes the answers, in order. Lives on its
/// thread's io_context and is never touched from another thread.
class Connection {
public:
    using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

    Connection(ThreadContext& thread, Socket socket);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Serves until either side ends.
    asio::awaitable<void> run();
    /// Every tick: ends what waits too long.
    void check_deadline();
    /// Closes at once when no request has begun; otherwise after the answer.
    void begin_stop();
    /// Closes, and cancels what the handler waits for.
    void force_stop();
    /// Sends finished answers while a later handler still runs.
    void flush_early();

    asio::cancellation_signal cancellation;

private:
    using Clock = std::chrono::steady_clock;
    using Step = RequestParser::Step;

    enum class Phase : std::uint8_t { Idle, Head, Body, Handler, Write, Linger };
    enum class Next : std::uint8_t { Request, Close, Linger };
    enum class Flush : std::uint8_t { Done, Blocked, Broken };

    asio::awaitable<Next> serve_one();
    asio::awaitable<bool> fill();
    asio::awaitable<Step> read_head(RequestParser& parser);
    asio::awaitable<Step> read_body(RequestParser& parser);
    asio::awaitable<bool> read_counted_body(std::size_t length);
    asio::awaitable<Step> read_chunked_body(RequestParser& parser);
    asio::awaitable<Step> admit(RequestParser& parser);
    asio::awaitable<std::optional<Response>> refusal_of_large_body();
    asio::awaitable<Next> answer(Envelope::Persistence persistence);
    asio::awaitable<bool> flush();
    asio::awaitable<void> linger();

    Step parse(RequestParser& parser);
    Next refuse(const RequestParser& parser);
    Next refuse(const Refusal& refusal, const RequestParser& parser);
    Next refuse(Response response);
    void release_body();
    /// The client left, or took too long.
    Next give_up(const RequestParser& parser);
    void enter(Phase phase);
    void adopt_request_id();
    void flush_while_handling();
    /// Leaves the answer in output_; the connection's fate in the result.
    Next write(const Response& response, Envelope::Persistence persistence);
    [[nodiscard]] Response internal_problem(const std::exception_ptr& failure) const;
    void log_access(const Response& response, Clock::time_point started) const;
    [[nodiscard]] Envelope::Persistence persistence_of(const RequestParser& parser) const;
    [[nodiscard]] bool body_is_too_slow() const;
    Flush flush_now();

    ThreadContext& thread_;
    Socket socket_;
    std::string peer_;
    Request request_;
    InputBuffer input_;
    std::string output_;
    std::size_t written_ = 0;  ///< of output_
    Phase phase_ = Phase::Idle;
    Clock::time_point entered_;
    Clock::time_point deadline_;
    std::size_t body_bytes_ = 0;            ///< received in this Body phase
    std::size_t place_ = 0;                 ///< in thread_.connections
    std::optional<Response> refused_body_;  ///< why a large body was not let in
    bool holds_large_body_ = false;         ///< counted in thread_.counts
    bool has_expired_ = false;
    bool waits_for_flush_ = false;
};

}  // namespace turnpike::http
