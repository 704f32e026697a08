#include "webhooks/inbox_worker.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "base/check.h"
#include "json/json.h"
#include "json/value.h"
#include "webhooks/serial_key.h"

namespace turnpike {
namespace {

/// Events of one customer.
struct Lane {
    std::deque<InboxEvent> waiting;
    bool busy = false;  ///< one of them is being applied
};

std::string lane_key(const InboxEvent& event) {
    const auto json = parse_json(event.payload);
    auto key = json ? serial_key(*json) : std::string();
    return event.provider + ":" + (key.empty() ? event.provider_event_id : key);
}

}  // namespace

/// Everything but `posted`, `running` and the thread-safe calls lives on the strand.
struct InboxWorker::State {
    State(asio::io_context& io, InboxWorkerWorld the_world, EventApplier the_applier,
          InboxWorkerConfig the_config, WebhookMetrics the_metrics)
        : strand(asio::make_strand(io)),
          world(the_world),
          apply(std::move(the_applier)),
          config(the_config),
          metrics(std::move(the_metrics)),
          look_timer(strand),
          // Never runs out; cancel_one wakes one idle lane. Set once, because setting it cancels.
          lane_timer(strand, std::chrono::steady_clock::time_point::max()) {}

    void start();
    void admit(InboxEvent event);
    void finish_turn(const std::string& key, const InboxEventId& id);
    void look_now() {
        look_again = true;
        look_timer.cancel();
    }
    [[nodiscard]] int room() const {
        return std::max(0, config.in_hand_max - static_cast<int>(in_hand.size()));
    }
    /// Claiming one by one would cost one commit each.
    [[nodiscard]] bool has_ample_room() const { return room() * 2 >= config.in_hand_max; }

    asio::awaitable<void> claim_loop();
    asio::awaitable<void> lane_loop();
    asio::awaitable<std::vector<InboxEvent>> claim(int limit);
    asio::awaitable<void> report_backlog();
    asio::awaitable<void> handle(const InboxEvent& event);
    asio::awaitable<Result<std::monostate>> apply_guarded(const InboxEvent& event);
    asio::awaitable<void> record(const InboxEvent& event, const Result<std::monostate>& applied);
    void report(const InboxEvent& event, const Error& error, InboxState state) const;

    asio::strand<asio::io_context::executor_type> strand;
    InboxWorkerWorld world;
    EventApplier apply;
    InboxWorkerConfig config;
    WebhookMetrics metrics;

    asio::steady_timer look_timer;  ///< the claimer waits on it
    asio::steady_timer lane_timer;  ///< idle lanes wait on it
    std::map<std::string, Lane> lanes;
    std::deque<std::string> ready;  ///< keys of lanes with work that are not busy
    std::set<InboxEventId> in_hand;
    bool look_again = false;
    bool stopping = false;
    std::chrono::steady_clock::time_point counted_at{};

    std::atomic<bool> posted{false};
    std::atomic<int> running{0};
};

void InboxWorker::State::start() {
    const auto ended = [this](const std::exception_ptr& error) {
        // A loop ends only when it is told to; nothing it calls may throw past it.
        check(error == nullptr, "an inbox loop does not throw");
        --running;
    };
    running = config.lanes + 1;
    asio::co_spawn(strand, claim_loop(), ended);
    for (int lane = 0; lane < config.lanes; ++lane) asio::co_spawn(strand, lane_loop(), ended);
}

asio::awaitable<void> InboxWorker::State::claim_loop() {
    while (!stopping) {
        look_again = false;
        const int wanted = room();
        if (wanted > 0) {
            auto events = co_await claim(wanted);
            // A full hand means that there may be more.
            look_again = look_again || static_cast<int>(events.size()) == wanted;
            for (auto& event : events) admit(std::move(event));
        }
        co_await report_backlog();
        if (stopping || (look_again && has_ample_room())) continue;
        look_timer.expires_after(config.poll);
        co_await look_timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

asio::awaitable<std::vector<InboxEvent>> InboxWorker::State::claim(int limit) {
    try {
        const Instant now = world.clock.now();
        auto look = [now](sql::Transaction& tx) { return has_due_events(tx, now); };
        if (!co_await world.db.read(std::move(look))) co_return std::vector<InboxEvent>();
        auto take = [this, now, limit](sql::Transaction& tx) {
            return claim_due_events(tx, config.policy, now, limit);
        };
        co_return co_await world.db.write(std::move(take));
    } catch (const sql::Failure& broken) {
        spdlog::error("event=webhook.claim_failed error=\"{}\"", broken.what());
    }
    co_return std::vector<InboxEvent>();
}

asio::awaitable<void> InboxWorker::State::report_backlog() {
    const auto now = std::chrono::steady_clock::now();
    if (!metrics.backlog || now - counted_at < config.count_every) co_return;
    counted_at = now;
    try {
        const auto counts =
            co_await world.db.read([](sql::Transaction& tx) { return count_events(tx); });
        metrics.backlog(counts.pending);
    } catch (const sql::Failure& broken) {
        spdlog::error("event=webhook.count_failed error=\"{}\"", broken.what());
    }
}

void InboxWorker::State::admit(InboxEvent event) {
    // Claimed again because its lease ended while it waited here: one copy is enough.
    if (!in_hand.insert(event.id).second) return;
    const std::string key = lane_key(event);
    Lane& lane = lanes[key];
    lane.waiting.push_back(std::move(event));
    if (lane.busy || lane.waiting.size() > 1) return;
    ready.push_back(key);
    lane_timer.cancel_one();
}

asio::awaitable<void> InboxWorker::State::lane_loop() {
    while (!stopping) {
        if (ready.empty()) {
            co_await lane_timer.async_wait(asio::as_tuple(asio::use_awaitable));
            continue;
        }
        const std::string key = std::move(ready.front());
        ready.pop_front();
        Lane& lane = lanes.at(key);
        lane.busy = true;
        const InboxEvent event = std::move(lane.waiting.front());
        lane.waiting.pop_front();
        co_await handle(event);
        finish_turn(key, event.id);
    }
}

void InboxWorker::State::finish_turn(const std::string& key, const InboxEventId& id) {
    in_hand.erase(id);
    Lane& lane = lanes.at(key);
    lane.busy = false;
    if (lane.waiting.empty()) {
        lanes.erase(key);
    } else {
        ready.push_back(key);
        lane_timer.cancel_one();
    }
    if (look_again && has_ample_room()) look_now();
}

asio::awaitable<void> InboxWorker::State::handle(const InboxEvent& event) {
    // Past its lease the event belongs to whoever claims it next.
    if (world.clock.now() >= event.next_attempt_at) co_return;
    const auto applied = co_await apply_guarded(event);
    try {
        co_await record(event, applied);
    } catch (const sql::Failure& broken) {
        spdlog::error("event=webhook.not_recorded id={} error=\"{}\"", event.id.text(),
                      broken.what());
    }
}

asio::awaitable<Result<std::monostate>> InboxWorker::State::apply_guarded(const InboxEvent& event) {
    try {
        co_return co_await apply(event);
    } catch (const sql::Failure& broken) {
        co_return unavailable("webhook.database_failed", broken.what());
    } catch (const std::exception& broken) {
        co_return conflict("webhook.apply_failed", broken.what());
    }
}

asio::awaitable<void> InboxWorker::State::record(const InboxEvent& event,
                                                 const Result<std::monostate>& applied) {
    const Instant now = world.clock.now();
    if (applied) {
        auto look = [&](sql::Transaction& tx) { return event_is_pending(tx, event.id); };
        if (co_await world.db.read(std::move(look))) {
            auto mark = [&](sql::Transaction& tx) { return mark_event_done(tx, event.id, now); };
            co_await world.db.write(std::move(mark));
        }
        metrics.count(event.provider, "applied");
        co_return;
    }
    auto mark = [&](sql::Transaction& tx) {
        return mark_event_failed(tx, event, applied.error(), config.policy, now);
    };
    const InboxState state = co_await world.db.write(std::move(mark));
    report(event, applied.error(), state);
}

void InboxWorker::State::report(const InboxEvent& event, const Error& error,
                                InboxState state) const {
    const bool dead = state == InboxState::Dead;
    metrics.count(event.provider, dead ? "dead" : "failed");
    spdlog::log(dead ? spdlog::level::err : spdlog::level::warn,
                "event=webhook.{} provider={} id={} type={} attempt={} reason={} message=\"{}\"",
                dead ? "dead" : "failed", event.provider, event.provider_event_id, event.type,
                event.attempts, error.reason.text(), error.message);
}

InboxWorker::InboxWorker(asio::io_context& io, InboxWorkerWorld world, EventApplier apply,
                         InboxWorkerConfig config, WebhookMetrics metrics)
    : state_(std::make_unique<State>(io, world, std::move(apply), config, std::move(metrics))) {
    check(config.lanes > 0 && config.in_hand_max > 0, "an inbox worker has lanes and room");
}

InboxWorker::~InboxWorker() = default;

void InboxWorker::start() {
    asio::post(state_->strand, [state = state_.get()] { state->start(); });
}

void InboxWorker::wake() {
    if (state_->posted.exchange(true)) return;
    asio::post(state_->strand, [state = state_.get()] {
        state->posted = false;
        state->look_now();
    });
}

void InboxWorker::stop() {
    asio::post(state_->strand, [state = state_.get()] {
        state->stopping = true;
        state->look_timer.cancel();
        state->lane_timer.cancel();
    });
}

bool InboxWorker::stopped() const { return state_->running == 0; }

}  // namespace turnpike
