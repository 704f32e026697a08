#include "sandbox/worker.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "http/client.h"
#include "sandbox/deliveries.h"

namespace turnpike::twin {
namespace {

/// A delivery as it goes over the wire.
struct Parcel {
    Delivery delivery;
    std::optional<http::Call> call;  ///< nullopt: the endpoint is gone or disabled
};

}  // namespace

struct Worker::State {
    asio::io_context& io;
    ProviderTwin& twin;
    WorkerConfig config;
    asio::steady_timer timer;
    std::unique_ptr<http::Client> client;
    // Touched on io's thread only.
    std::set<std::string> lanes;  // endpoints being served
    bool stopping = false;
    bool woken = false;

    State(asio::io_context& new_io, ProviderTwin& new_twin, WorkerConfig new_config)
        : io(new_io),
          twin(new_twin),
          config(new_config),
          timer(new_io),
          client(std::make_unique<http::Client>(http::Client::Config{
              .threads = 4, .queue_max = 1'000, .user_agent = "turnpike-sandbox"})) {}

    void wake() {
        woken = true;
        timer.cancel();
    }
    asio::awaitable<void> loop();
    asio::awaitable<void> pass();
    asio::awaitable<void> wait();
    void open_lane(const std::string& endpoint);
    asio::awaitable<void> serve(std::string endpoint);
    asio::awaitable<std::optional<Parcel>> next_parcel(const std::string& endpoint);
    asio::awaitable<void> deliver(const Parcel& parcel);
};

Worker::Worker(asio::io_context& io, ProviderTwin& twin, WorkerConfig config)
    : state_(std::make_unique<State>(io, twin, config)) {}
Worker::~Worker() = default;

void Worker::start() {
    auto& state = *state_;
    state.twin.on_change([&state] { asio::post(state.io, [&state] { state.wake(); }); });
    asio::co_spawn(state.io, state.loop(), [](const std::exception_ptr& error) {
        if (error) std::rethrow_exception(error);
    });
}

void Worker::stop() {
    auto& state = *state_;
    state.twin.on_change(nullptr);
    asio::post(state.io, [&state] {
        state.stopping = true;
        state.wake();
        state.client.reset();  // ends what is being sent; the lanes see an error and leave
    });
}

asio::awaitable<void> Worker::State::loop() {
    while (!stopping) {
        woken = false;
        try {
            co_await pass();
        } catch (const std::exception& broken) {
            spdlog::error("event=sandbox.worker_failed what=\"{}\"", broken.what());
        }
        co_await wait();
    }
}

asio::awaitable<void> Worker::State::pass() {
    co_await twin.run_due_work();
    const auto now = twin.clock().now();
    auto find_due = [now](sql::Transaction& tx) { return load_due_deliveries(tx, now); };
    const auto due = co_await twin.database().read(find_due);
    for (const auto& delivery : due) open_lane(delivery.endpoint);
}

asio::awaitable<void> Worker::State::wait() {
    if (stopping || woken) co_return;
    timer.expires_after(config.look_every);
    try {
        co_await timer.async_wait(asio::use_awaitable);
    } catch (const boost::system::system_error&) {
        co_return;  // canceled: woken
    }
}

void Worker::State::open_lane(const std::string& endpoint) {
    if (stopping || !lanes.insert(endpoint).second) return;
    asio::co_spawn(io, serve(endpoint), [this, endpoint](const std::exception_ptr& error) {
        lanes.erase(endpoint);
        if (!error) return;
        try {
            std::rethrow_exception(error);
        } catch (const std::exception& broken) {
            spdlog::error("event=sandbox.delivery_failed endpoint={} what=\"{}\"", endpoint,
                          broken.what());
        }
    });
}

asio::awaitable<void> Worker::State::serve(std::string endpoint) {
    while (!stopping) {
        auto looking = next_parcel(endpoint);
        const auto parcel = co_await std::move(looking);
        if (!parcel || stopping) co_return;  // a stop takes the client away
        auto delivering = deliver(*parcel);
        co_await std::move(delivering);
    }
}

asio::awaitable<std::optional<Parcel>> Worker::State::next_parcel(const std::string& endpoint) {
    const auto now = twin.clock().now();
    auto look = [&](sql::Transaction& tx) -> std::optional<Parcel> {
        auto delivery = load_due_delivery(tx, endpoint, now);
        if (!delivery) return std::nullopt;
        auto call = twin.call_of(tx, *delivery, now);
        return Parcel{*std::move(delivery), std::move(call)};
    };
    co_return co_await twin.database().read(look);
}

asio::awaitable<void> Worker::State::deliver(const Parcel& parcel) {
    if (!parcel.call) {
        auto drop = [&](sql::Transaction& tx) {
            drop_deliveries(tx, parcel.delivery.endpoint);
            return true;
        };
        co_await twin.database().write(drop);
        co_return;
    }
    const auto now = twin.clock().now();
    http::Call call = *parcel.call;
    call.timeout = config.delivery_timeout;
    auto sending = client->send(std::move(call));
    const auto reply = co_await std::move(sending);
    if (stopping) co_return;

    Attempt attempt{.tried_at = now, .status = 0, .note = {}};
    if (reply) {
        attempt.status = reply->status;
    } else {
        attempt.note = reply.error().message;
    }
    auto record = [&](sql::Transaction& tx) {
        save_attempt(tx, parcel.delivery, attempt, twin.retry_at(tx, parcel.delivery, attempt));
        return true;
    };
    co_await twin.database().write(record);
}

}  // namespace turnpike::twin
