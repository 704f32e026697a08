#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace turnpike::sql {

namespace asio = boost::asio;

/// Who waits for a T, and the line by which work that may outlive him tells him. Whichever ends
/// first lets the other know. For one thread.
template <class T>
class Waiter {
public:
    class Line {
    public:
        explicit Line(Waiter& waiter) : waiter_(&waiter) { waiter.line_ = this; }
        Line(const Line&) = delete;
        Line& operator=(const Line&) = delete;
        ~Line() {
            if (waiter_ != nullptr) waiter_->line_ = nullptr;
        }
        void tell(std::exception_ptr error, T result) {
            if (waiter_ == nullptr) return;
            if (error)
                waiter_->error_ = std::move(error);
            else
                waiter_->result_ = std::move(result);
            waiter_->timer_.cancel();
        }

    private:
        friend class Waiter;
        Waiter* waiter_;
    };

    Waiter(const asio::any_io_executor& executor, std::chrono::milliseconds patience)
        : timer_(executor, patience) {}
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
        if (line_ != nullptr) line_->waiter_ = nullptr;
    }

    asio::awaitable<std::optional<T>> wait() {
        boost::system::error_code ended;
        if (!result_ && !error_)
            co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ended));
        if (error_) std::rethrow_exception(error_);
        co_return std::move(result_);
    }

private:
    asio::steady_timer timer_;
    std::optional<T> result_;
    std::exception_ptr error_;
    Line* line_ = nullptr;
};

/// Waits for `work`, but not for longer than `patience`: nullopt when it is not done by then. It
/// goes on by itself and what comes of it is lost, so it must own what it uses. For an executor
/// that runs on one thread. What `work` throws in time comes out.
template <class T>
asio::awaitable<std::optional<T>> wait_at_most(std::chrono::milliseconds patience,
                                               asio::awaitable<T> work) {
    const auto executor = co_await asio::this_coro::executor;
    Waiter<T> waiter(executor, patience);
    auto line = std::make_unique<typename Waiter<T>::Line>(waiter);
    asio::co_spawn(executor, std::move(work),
                   [line = std::move(line)](std::exception_ptr error, T result) {
                       line->tell(std::move(error), std::move(result));
                   });
    co_return co_await waiter.wait();
}

}  // namespace turnpike::sql
