#pragma once

#include <optional>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"
#include "metering/log/segment/log_writer.h"

namespace turnpike {

namespace asio = boost::asio;

/// Waits for what `start(done)` begins: `done` is called once, perhaps before `start` returns, and
/// on any thread; or `start` returns an error, and drops `done`.
template <class Start>
asio::awaitable<std::optional<Error>> until_durable(Start start) {
    // Tracked, so that the io_context does not run out of work while the log's writer has it.
    const auto executor =
        asio::prefer(co_await asio::this_coro::executor, asio::execution::outstanding_work.tracked);
    LogWriter::Done resume;
    auto initiate = [&](auto handler) {
        resume = [executor,
                  handler = std::move(handler)](const std::optional<Error>& failed) mutable {
            auto go_on = [handler = std::move(handler), failed]() mutable {
                std::move(handler)(std::move(failed));
            };
            asio::post(executor, std::move(go_on));
        };
        const std::optional<Error> refused = start([&resume](const std::optional<Error>& failed) {
            std::exchange(resume, nullptr)(failed);
        });
        if (refused) std::exchange(resume, nullptr)(refused);
    };
    co_return co_await asio::async_initiate<decltype(asio::use_awaitable),
                                            void(std::optional<Error>)>(std::move(initiate),
                                                                        asio::use_awaitable);
}

template <class T>
std::optional<Error> error_of(const Result<T>& result) {
    if (result) return std::nullopt;
    return result.error();
}

inline constexpr int kLogRetryAfterS = 5;

inline std::unexpected<Error> come_back(Error error) {
    if (!error.retry_after_s) error.retry_after_s = kLogRetryAfterS;
    return std::unexpected(std::move(error));
}

}  // namespace turnpike
