#include "http/connection.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "http/limits.h"
#include "http/status.h"

namespace turnpike::http {
namespace {

using boost::system::error_code;

/// Answers to pipelined requests are sent together up to this size.
constexpr std::size_t kOutputBytesMax = std::size_t{64} << 10;
/// Larger storage is given back when a connection falls idle.
constexpr std::size_t kKeptBytesMax = std::size_t{256} << 10;
constexpr std::size_t kRequestIdBytesMax = 64;

constexpr Refusal kHeadTimedOut{408, "http.head_timeout", "The request head took too long."};
constexpr Refusal kBodyTimedOut{408, "http.body_timeout", "The request body took too long."};
constexpr std::string_view kInternalDetail = "The server failed; quote the request id.";

bool is_request_id(std::string_view text) {
    const auto is_allowed = [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '_' || c == '-';
    };
    return !text.empty() && text.size() <= kRequestIdBytesMax &&
           std::ranges::all_of(text, is_allowed);
}

std::string address_of(const Connection::Socket& socket) {
    error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    return error ? std::string() : endpoint.address().to_string();
}

void release_if_large(std::string& text) {
    if (text.capacity() > kKeptBytesMax) std::string().swap(text);
}

}  // namespace

Connection::Connection(ThreadContext& thread, Socket socket)
    : thread_(thread),
      socket_(std::move(socket)),
      peer_(address_of(socket_)),
      place_(thread.connections.size()) {
    error_code ignored;
    socket_.non_blocking(true, ignored);
    thread_.connections.push_back(this);
    thread_.counts.open.fetch_add(1);
    enter(Phase::Idle);
}

Connection::~Connection() {
    if (waits_for_flush_) std::erase(thread_.unflushed, this);
    release_body();
    Connection* const last = thread_.connections.back();
    thread_.connections[place_] = last;
    last->place_ = place_;
    thread_.connections.pop_back();
    thread_.counts.open.fetch_sub(1);
}

asio::awaitable<void> Connection::run() {
    auto next = Next::Request;
    while (next == Next::Request) next = co_await serve_one();
    if (co_await flush() && next == Next::Linger) co_await linger();
}

asio::awaitable<Connection::Next> Connection::serve_one() {
    const auto& config = thread_.config;
    RequestParser parser(request_, config.body_limit, config.large_bodies.limit);
    Step step = parse(parser);
    if (step == Step::NeedMore) step = co_await read_head(parser);
    if (step == Step::HeadDone && (parser.is_chunked() || parser.body_length() > 0))
        step = co_await read_body(parser);
    auto next = Next::Close;
    if (step == Step::NeedMore)
        next = give_up(parser);
    else if (step == Step::Refused)
        next = refuse(parser);
    else
        next = co_await answer(persistence_of(parser));
    release_body();
    co_return next;
}

/// A large one is not kept for the next request, which is hardly ever as large.
void Connection::release_body() {
    release_if_large(request_.body);
    if (std::exchange(holds_large_body_, false)) thread_.counts.large_bodies.fetch_sub(1);
}

Connection::Step Connection::parse(RequestParser& parser) {
    if (input_.empty()) return Step::NeedMore;
    std::string_view rest = input_.view();
    const Step step = parser.read(rest);
    input_.keep(rest);
    return step;
}

/// NeedMore means that no more will come.
asio::awaitable<Connection::Step> Connection::read_head(RequestParser& parser) {
    if (!co_await flush()) co_return Step::NeedMore;
    // A head may have begun in the packet that ended the request before it.
    enter(input_.empty() ? Phase::Idle : Phase::Head);
    if (phase_ == Phase::Idle && thread_.is_stopping) co_return Step::NeedMore;
    auto step = Step::NeedMore;
    while (step == Step::NeedMore) {
        if (!co_await fill()) break;
        if (phase_ == Phase::Idle) enter(Phase::Head);
        step = parse(parser);
    }
    co_return step;
}

/// False when nothing will come any more.
asio::awaitable<bool> Connection::fill() {
    error_code error;
    const auto space = input_.space();
    const std::size_t count =
        co_await socket_.async_read_some(space, asio::redirect_error(asio::use_awaitable, error));
    input_.filled(count);
    body_bytes_ += count;
    co_return !error && !has_expired_;
}

asio::awaitable<Connection::Next> Connection::answer(Envelope::Persistence persistence) {
    adopt_request_id();
    flush_while_handling();
    const auto started = thread_.config.access_log ? Clock::now() : Clock::time_point();
    Response response;
    std::exception_ptr failure;
    try {
        response = co_await thread_.dispatch(request_);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure || !is_writable(response)) response = internal_problem(failure);
    if (response.status == kNoAnswer) {
        log_access(response, started);
        co_return Next::Close;
    }
    const Next next = write(response, persistence);
    log_access(response, started);
    if (next == Next::Request && (!input_.empty() && output_.size() < kOutputBytesMax))
        co_return next;
    co_return co_await flush() ? next : Next::Close;
}

/// The client's own id, when it cannot harm a log.
void Connection::adopt_request_id() {
    request_.peer = peer_;
    const std::string* const given = request_.header("X-Request-Id");
    if (given != nullptr && is_request_id(*given)) {
        request_.request_id = *given;
        return;
    }
    request_.request_id = "req_";
    request_.request_id += thread_.ids.body(thread_.clock.now());
}

void Connection::flush_while_handling() {
    enter(Phase::Handler);
    if (output_.empty() || waits_for_flush_) return;
    waits_for_flush_ = true;
    thread_.flush_soon(*this);
}

void Connection::flush_early() {
    waits_for_flush_ = false;
    // In any other phase run() is about to flush, or does.
    if (phase_ == Phase::Handler) flush_now();
}

Envelope::Persistence Connection::persistence_of(const RequestParser& parser) const {
    if (!parser.wants_keep_alive()) return Envelope::Persistence::Close;
    return parser.is_http11() ? Envelope::Persistence::KeepAlive
                              : Envelope::Persistence::KeepAlive10;
}

Connection::Next Connection::write(const Response& response, Envelope::Persistence persistence) {
    if (thread_.is_stopping) persistence = Envelope::Persistence::Close;
    append_response(
        output_, response,
        {.common = thread_.common_lines,
         .defaults = thread_.defaults,
         .request_id = request_.request_id,
         .persistence = persistence,
         .body = request_.method == Method::Head ? Envelope::Body::Omit : Envelope::Body::Send});
    return persistence == Envelope::Persistence::Close ? Next::Close : Next::Request;
}

Response Connection::internal_problem(const std::exception_ptr& failure) const {
    std::string what = "the answer has a malformed header or status";
    try {
        if (failure) std::rethrow_exception(failure);
    } catch (const std::exception& exception) {
        what = exception.what();
    } catch (...) {
        what = "an exception of an unknown type";
    }
    spdlog::error("event=http.handler_failed request_id={} method={} path={} error=\"{}\"",
                  request_.request_id, to_text(request_.method), request_.path, what);
    return plain_problem(500, "internal", kInternalDetail, request_);
}

void Connection::log_access(const Response& response, Clock::time_point started) const {
    if (!thread_.config.access_log) return;
    const auto took = Clock::now() - started;
    thread_.config.access_log(
        {request_, response, std::chrono::duration_cast<std::chrono::microseconds>(took)});
}

Connection::Next Connection::refuse(const RequestParser& parser) {
    if (!refused_body_) return refuse(parser.refusal(), parser);
    return refuse(*std::exchange(refused_body_, std::nullopt));
}

/// What was read of the request may be wrong, so nothing after it can be trusted either.
Connection::Next Connection::refuse(const Refusal& refusal, const RequestParser& parser) {
    // Beyond what was read of this head, the storage still holds the request before it.
    if (!parser.head_done()) request_.headers.clear();
    adopt_request_id();
    return refuse(plain_problem(refusal.status, refusal.code, refusal.detail, request_));
}

Connection::Next Connection::refuse(Response response) {
    if (thread_.config.on_refusal) thread_.config.on_refusal(request_, response);
    write(response, Envelope::Persistence::Close);
    log_access(response, Clock::now());
    return Next::Linger;
}

/// The client left, or took too long.
Connection::Next Connection::give_up(const RequestParser& parser) {
    if (!has_expired_) return Next::Close;
    has_expired_ = false;
    if (phase_ == Phase::Head) return refuse(kHeadTimedOut, parser);
    if (phase_ == Phase::Body) return refuse(kBodyTimedOut, parser);
    return Next::Close;
}

void Connection::enter(Phase phase) {
    const auto& timeouts = thread_.config.timeouts;
    phase_ = phase;
    // The thread's time is up to a tick old; nobody is cut off early for that.
    entered_ = thread_.now + thread_.tick_period;
    switch (phase) {
        case Phase::Idle: deadline_ = entered_ + timeouts.idle; break;
        case Phase::Head: deadline_ = entered_ + timeouts.head; break;
        case Phase::Body:
            deadline_ = entered_ + timeouts.body;
            body_bytes_ = 0;
            break;
        case Phase::Handler: deadline_ = entered_ + timeouts.handler; break;
        case Phase::Write: deadline_ = entered_ + timeouts.write; break;
        case Phase::Linger: deadline_ = entered_ + kLingerTimeout; break;
    }
}

void Connection::check_deadline() {
    if (thread_.now < deadline_ && !body_is_too_slow()) return;
    if (phase_ == Phase::Handler) {
        // It may be in the middle of moving money; it is told of, not ended.
        deadline_ = Clock::time_point::max();
        spdlog::warn("event=http.slow_handler request_id={} method={} path={}", request_.request_id,
                     to_text(request_.method), request_.path);
        return;
    }
    has_expired_ = true;
    error_code ignored;
    socket_.cancel(ignored);
}

void Connection::begin_stop() {
    if (phase_ != Phase::Idle && phase_ != Phase::Linger) return;
    error_code ignored;
    socket_.cancel(ignored);
}

void Connection::force_stop() {
    error_code ignored;
    socket_.close(ignored);
    cancellation.emit(asio::cancellation_type::terminal);
}

Connection::Flush Connection::flush_now() {
    while (written_ < output_.size()) {
        error_code error;
        written_ += socket_.write_some(
            asio::buffer(output_.data() + written_, output_.size() - written_), error);
        if (error == asio::error::would_block) return Flush::Blocked;
        if (error) return Flush::Broken;
    }
    output_.clear();
    written_ = 0;
    return Flush::Done;
}

/// False when the client is gone, or has not taken a byte for too long.
asio::awaitable<bool> Connection::flush() {
    auto done = flush_now();
    while (done == Flush::Blocked) {
        enter(Phase::Write);
        error_code error;
        co_await socket_.async_wait(Socket::wait_write,
                                    asio::redirect_error(asio::use_awaitable, error));
        if (error || has_expired_) co_return false;
        done = flush_now();
    }
    release_if_large(output_);
    co_return done == Flush::Done;
}

/// Closing while the client still sends would reset the connection, and the client might never see
/// why it was refused. So: end our side, and read on for a while.
asio::awaitable<void> Connection::linger() {
    enter(Phase::Linger);
    error_code error;
    socket_.shutdown(Socket::shutdown_send, error);
    std::size_t drained = 0;
    while (!error && !has_expired_ && !thread_.is_stopping && drained < kLingerBytesMax) {
        input_.clear();
        drained += co_await socket_.async_read_some(
            input_.space(), asio::redirect_error(asio::use_awaitable, error));
    }
}

}  // namespace turnpike::http
