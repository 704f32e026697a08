#include "sandbox/worker.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "http/client.h"
#include "sandbox/chaos/store.h"
#include "sandbox/chaos/webhook_chaos.h"
#include "sandbox/deliveries.h"

namespace turnpike::twin {
namespace {

/// A delivery as it goes over the wire.
struct Parcel {
    Delivery delivery;
    std::optional<http::Call> call;  ///< nullopt: the endpoint is gone or disabled
    std::optional<ChaosRule> misfortune{};
};
using Parcels = std::vector<Parcel>;

WebhookStyle style_of(const std::optional<ChaosRule>& misfortune) {
    WebhookStyle style;
    if (!misfortune) return style;
    if (misfortune->misfortune == Misfortune::OldSecret)
        style.secret = WebhookStyle::Secret::Previous;
    if (misfortune->misfortune == Misfortune::WrongSignature)
        style.secret = WebhookStyle::Secret::Wrong;
    if (misfortune->misfortune == Misfortune::OldVersion) style.version = misfortune->version;
    return style;
}

bool meets(const Parcel& parcel, Misfortune misfortune) {
    return parcel.misfortune && parcel.misfortune->misfortune == misfortune;
}

}  // namespace

struct Worker::State {
    asio::io_context& io;
    ProviderTwin& twin;
    const Chaos& chaos;
    WorkerConfig config;
    asio::steady_timer timer;
    std::unique_ptr<http::Client> client;
    // Touched on io's thread only.
    std::set<std::string> lanes;  // endpoints being served
    bool stopping = false;
    bool woken = false;
    Instant prune_at{};
    std::optional<PruneWalk> pruning;

    State(asio::io_context& new_io, ProviderTwin& new_twin, const Chaos& new_chaos,
          WorkerConfig new_config)
        : io(new_io),
          twin(new_twin),
          chaos(new_chaos),
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
    asio::awaitable<void> prune();
    asio::awaitable<void> wait();
    void open_lane(const std::string& endpoint);
    asio::awaitable<void> serve(std::string endpoint);
    asio::awaitable<Parcels> next_parcels(const std::string& endpoint);
    Parcels ordinary_parcels(sql::Transaction& tx, const std::string& endpoint);
    Parcels chaotic_parcels(sql::Transaction& tx, const std::string& endpoint);
    asio::awaitable<void> deliver_all(std::span<const Parcel> parcels);
    asio::awaitable<void> deliver(const Parcel& parcel);
    asio::awaitable<void> send_copies(const Parcel& parcel);
    /// One try over the wire.
    asio::awaitable<Attempt> send(const Delivery& delivery, http::Call call);
};

Worker::Worker(asio::io_context& io, ProviderTwin& twin, const Chaos& chaos, WorkerConfig config)
    : state_(std::make_unique<State>(io, twin, chaos, config)) {}
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
    co_await prune();
}

/// A step, and further ones while there is nothing else to do.
asio::awaitable<void> Worker::State::prune() {
    const auto now = twin.clock().now();
    if (!pruning) {
        if (now < prune_at) co_return;
        pruning.emplace();
        prune_at = now + config.prune_every;
    }
    do {
        // Not there while it is under way: after a failure there is none until the next time.
        auto walk = *std::exchange(pruning, std::nullopt);
        auto step = [&](sql::Transaction& tx) { return twin.prune(tx, now, walk); };
        if (co_await twin.database().write(step)) pruning = walk;
    } while (pruning && !woken && !stopping);
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
        auto looking = next_parcels(endpoint);
        const auto parcels = co_await std::move(looking);
        if (parcels.empty() || stopping) co_return;
        auto delivering = deliver_all(parcels);
        co_await std::move(delivering);
    }
}

asio::awaitable<Parcels> Worker::State::next_parcels(const std::string& endpoint) {
    const auto plan = chaos.plan();
    const bool is_quiet = !plan || std::ranges::none_of(plan->rules, [](const ChaosRule& rule) {
        return rule.traffic == Traffic::Webhooks;
    });
    if (is_quiet) {
        auto look = [&](sql::Transaction& tx) { return ordinary_parcels(tx, endpoint); };
        co_return co_await twin.database().read(look);
    }
    auto choose = [&](sql::Transaction& tx) { return chaotic_parcels(tx, endpoint); };
    co_return co_await twin.database().write(choose);
}

Parcels Worker::State::ordinary_parcels(sql::Transaction& tx, const std::string& endpoint) {
    const auto now = twin.clock().now();
    auto delivery = load_due_delivery(tx, endpoint, now);
    if (!delivery) return {};
    auto call = twin.call_of(tx, *delivery, now, {});
    return {{*std::move(delivery), std::move(call)}};
}

Parcels Worker::State::chaotic_parcels(sql::Transaction& tx, const std::string& endpoint) {
    auto ordinary = ordinary_parcels(tx, endpoint);
    const auto plan = load_plan(tx);
    if (!plan || ordinary.empty() || !ordinary.front().call) return ordinary;
    const auto now = twin.clock().now();
    const Mailbox mailbox{.endpoint = endpoint,
                          .url = ordinary.front().call->url,
                          .type_of = [this](const Delivery& d) { return twin.event_type(d); }};
    Parcels parcels;
    for (auto& sending : next_sendings(tx, *plan, mailbox, now)) {
        auto call = twin.call_of(tx, sending.delivery, now, style_of(sending.misfortune));
        parcels.push_back({std::move(sending.delivery), std::move(call), sending.misfortune});
        if (meets(parcels.back(), Misfortune::Truncate) && parcels.back().call)
            parcels.back().call->body.resize(parcels.back().call->body.size() / 2);
    }
    return parcels;
}

/// Side by side.
asio::awaitable<void> Worker::State::deliver_all(std::span<const Parcel> parcels) {
    using namespace asio::experimental::awaitable_operators;
    if (parcels.size() == 1) {
        co_await deliver(parcels.front());
    } else {
        co_await (deliver(parcels.front()) && deliver_all(parcels.subspan(1)));
    }
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
    if (meets(parcel, Misfortune::Duplicate)) co_await send_copies(parcel);
    if (stopping) co_return;  // a stop takes the client away
    auto sending = send(parcel.delivery, *parcel.call);
    auto attempt = co_await std::move(sending);
    if (stopping) co_return;
    if (meets(parcel, Misfortune::Timeout)) {
        attempt.status = 0;
        attempt.note = "chaos: its answer was not heard";
    }
    auto record = [&](sql::Transaction& tx) {
        save_attempt(tx, parcel.delivery, attempt, twin.retry_at(tx, parcel.delivery, attempt));
        return true;
    };
    co_await twin.database().write(record);
}

/// All but one, which counts as the try.
asio::awaitable<void> Worker::State::send_copies(const Parcel& parcel) {
    for (std::int64_t copy = 1; copy < parcel.misfortune->count && !stopping; ++copy) {
        auto sending = send(parcel.delivery, *parcel.call);
        co_await std::move(sending);
    }
}

asio::awaitable<Attempt> Worker::State::send(const Delivery& delivery, http::Call call) {
    call.timeout = config.delivery_timeout;
    auto attempt = attempt_of(delivery, call, twin.clock().now());
    auto sending = client->send(std::move(call));
    auto reply = co_await std::move(sending);
    attempt.took = twin.clock().now() - attempt.tried_at;
    if (reply) {
        keep_reply(attempt, *std::move(reply));
    } else {
        attempt.note = reply.error().message;
    }
    co_return attempt;
}

}  // namespace turnpike::twin
