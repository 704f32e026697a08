#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace turnpike {

namespace asio = boost::asio;

/// Waits for `work`, but not for longer than `patience`: nullopt when it is not done by then. It
/// goes on by itself and what comes of it is lost, so it must own what it uses. For an executor
/// that runs on one thread. What `work` throws in time comes out.
template <class T>
asio::awaitable<std::optional<T>> wait_at_most(std::chrono::milliseconds patience,
                                               asio::awaitable<T> work) {
    struct Race {
        asio::steady_timer timer;
        std::optional<T> result{};
        std::exception_ptr error{};
    };
    const auto executor = co_await asio::this_coro::executor;
    auto race = std::make_shared<Race>(asio::steady_timer(executor, patience));
    asio::co_spawn(executor, std::move(work), [race](std::exception_ptr error, T result) {
        if (error)
            race->error = std::move(error);
        else
            race->result = std::move(result);
        race->timer.cancel();
    });
    boost::system::error_code ended;
    if (!race->result && !race->error)
        co_await race->timer.async_wait(asio::redirect_error(asio::use_awaitable, ended));
    if (race->error) std::rethrow_exception(race->error);
    co_return std::move(race->result);
}

}  // namespace turnpike
