#include "http/client.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/check.h"
#include "http/transfer.h"

namespace turnpike::http {
namespace {

using Done = std::move_only_function<void(Result<Reply>)>;

struct Job {
    Call call;
    std::chrono::steady_clock::time_point deadline;
    Done done;
};

void start_libcurl() {
    static const CURLcode kStarted = curl_global_init(CURL_GLOBAL_DEFAULT);
    check(kStarted == CURLE_OK, "libcurl starts");
}

}  // namespace

struct Client::State {
    explicit State(Config client_config) : config(std::move(client_config)) {}

    const Config config;
    std::atomic<bool> is_stopping{false};
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Job> waiting;  ///< guarded by mutex
    std::vector<std::thread> threads;

    void submit(Call call, Done done) {
        const auto deadline = std::chrono::steady_clock::now() + call.timeout;
        {
            const std::lock_guard lock(mutex);
            if (!is_stopping && waiting.size() < config.queue_max) {
                waiting.push_back({std::move(call), deadline, std::move(done)});
                changed.notify_one();
                return;
            }
        }
        done(unavailable("http.not_sent", "the request was not sent: too many wait already"));
    }

    void work() {
        TransferHandle handle(config, is_stopping);
        while (auto job = next()) job->done(handle.perform(job->call, job->deadline));
    }

    std::optional<Job> next() {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return is_stopping || !waiting.empty(); });
        if (is_stopping) return std::nullopt;
        Job job = std::move(waiting.front());
        waiting.pop_front();
        return job;
    }

    void stop() {
        {
            const std::lock_guard lock(mutex);
            is_stopping = true;
        }
        changed.notify_all();
        for (auto& thread : threads) thread.join();
        for (auto& job : waiting)
            job.done(unavailable("http.not_sent", "the request was not sent: the client stops"));
        waiting.clear();
    }
};

Client::Client(Config config) : state_(std::make_unique<State>(std::move(config))) {
    start_libcurl();
    check(state_->config.threads > 0, "a client has a thread");
    for (std::size_t i = 0; i < state_->config.threads; ++i)
        state_->threads.emplace_back([state = state_.get()] { state->work(); });
}

Client::~Client() { state_->stop(); }

asio::awaitable<Result<Reply>> Client::send(Call call) {
    // Tracked, so that the io_context does not run out of work while a thread has the call.
    const auto executor =
        asio::prefer(co_await asio::this_coro::executor, asio::execution::outstanding_work.tracked);
    auto start = [&](auto handler) {
        state_->submit(
            std::move(call), [executor, handler = std::move(handler)](Result<Reply> reply) mutable {
                asio::post(executor,
                           [handler = std::move(handler), reply = std::move(reply)]() mutable {
                               std::move(handler)(std::move(reply));
                           });
            });
    };
    co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(Result<Reply>)>(
        std::move(start), asio::use_awaitable);
}

Result<Reply> Client::send_blocking(const Call& call) {
    std::promise<Result<Reply>> promise;
    auto future = promise.get_future();
    state_->submit(call, [&promise](Result<Reply> reply) { promise.set_value(std::move(reply)); });
    return future.get();
}

}  // namespace turnpike::http
