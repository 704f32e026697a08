// How a connection reads a request's body, and lets in a large one.
#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/connection.h"
#include "http/limits.h"

namespace turnpike::http {
namespace {

using boost::system::error_code;

constexpr std::size_t kBodyStepBytes = std::size_t{64} << 10;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

constexpr Refusal kTooManyLarge{503, "http.large_bodies_busy",
                                "As many large bodies as fit are being read; try again shortly."};

}  // namespace

asio::awaitable<Connection::Step> Connection::read_body(RequestParser& parser) {
    if (parser.needs_admission()) {
        const Step admitted = co_await admit(parser);
        if (admitted != Step::NeedMore) co_return admitted;
    }
    if (parser.expects_continue() && input_.empty()) output_ += kContinue;
    if (parser.is_chunked()) co_return co_await read_chunked_body(parser);
    const bool complete = co_await read_counted_body(parser.body_length());
    co_return complete ? Step::Done : Step::NeedMore;
}

/// Straight into the request's body, whose storage grows with what has really come.
asio::awaitable<bool> Connection::read_counted_body(std::size_t length) {
    std::string& body = request_.body;
    const std::string_view held = input_.view();
    body.assign(held.substr(0, length));
    input_.keep(held.substr(body.size()));
    if (body.size() == length) co_return true;
    if (!co_await flush()) co_return false;
    enter(Phase::Body);
    while (body.size() < length) {
        const std::size_t had = body.size();
        const std::size_t room = std::min(length - had, std::max(had, kBodyStepBytes));
        body.resize_and_overwrite(had + room, [](char*, std::size_t size) { return size; });
        error_code error;
        const std::size_t count =
            co_await socket_.async_read_some(asio::buffer(body.data() + had, room),
                                             asio::redirect_error(asio::use_awaitable, error));
        body.resize(had + count);
        body_bytes_ += count;
        if (error || has_expired_) co_return false;
    }
    co_return true;
}

asio::awaitable<Connection::Step> Connection::read_chunked_body(RequestParser& parser) {
    auto step = parse(parser);
    if (step != Step::NeedMore || !co_await flush()) co_return step;
    enter(Phase::Body);
    while (step == Step::NeedMore) {
        if (parser.needs_admission()) {
            step = co_await admit(parser);
            enter(Phase::Body);
        } else if (!co_await fill()) {
            break;
        }
        if (step == Step::NeedMore) step = parse(parser);
    }
    co_return step;
}

/// Refused, with refused_body_ set, when a body over the limit of its route may not come.
asio::awaitable<Connection::Step> Connection::admit(RequestParser& parser) {
    adopt_request_id();
    flush_while_handling();
    refused_body_ = co_await refusal_of_large_body();
    co_return refused_body_ ? Step::Refused : parser.admit_large_body();
}

asio::awaitable<std::optional<Response>> Connection::refusal_of_large_body() {
    std::optional<Response> refusal;
    std::exception_ptr failure;
    try {
        refusal = co_await thread_.config.large_bodies.refusal(request_);
    } catch (...) {
        failure = std::current_exception();
    }
    if (failure) co_return internal_problem(failure);
    if (refusal) co_return refusal;
    auto& count = thread_.counts.large_bodies;
    holds_large_body_ = count.fetch_add(1) < kLargeBodiesMax;
    if (holds_large_body_) co_return std::nullopt;
    count.fetch_sub(1);
    refusal =
        plain_problem(kTooManyLarge.status, kTooManyLarge.code, kTooManyLarge.detail, request_);
    refusal->headers.emplace_back("Retry-After", "1");
    co_return refusal;
}

bool Connection::body_is_too_slow() const {
    const auto spent =
        std::chrono::duration_cast<std::chrono::milliseconds>(thread_.now - entered_);
    if (phase_ != Phase::Body || spent < thread_.config.timeouts.body_grace) return false;
    return body_bytes_ * 1'000 < kBodyBytesPerSecond * static_cast<std::size_t>(spent.count());
}

}  // namespace turnpike::http
