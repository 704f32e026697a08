#include "webhooks/outbound_worker.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
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
#include "base/utf8.h"
#include "crypto/crypto.h"
#include "webhooks/delivery_rule.h"
#include "webhooks/delivery_store.h"
#include "webhooks/endpoint_service.h"
#include "webhooks/outbound_call.h"

namespace turnpike {
namespace {

constexpr int kPurgedAtOnce = 500;

/// From 0 to 999, the same for the same try: what failed together spreads out.
std::int64_t jitter_of(const WebhookDelivery& delivery) {
    const auto hash = sha256(delivery.id.text() + ":" + std::to_string(delivery.tries_made));
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(hash[i]); };
    return (byte(0) * 256 + byte(1)) % 1'000;
}

/// What a database takes as text: no NUL, well-formed UTF-8.
std::string storable(std::string text) {
    std::string clean;
    for (std::string_view rest = text; !rest.empty();) {
        const auto length = rest.front() == '\0' ? 0 : utf8_length(rest);
        clean.append(length == 0 ? "?" : rest.substr(0, length));
        rest.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return clean;
}

/// One try's end.
struct Tried {
    DeliveryJudgement judgement;
    DeliveryAttempt attempt;
};

DeliveryJudgement judge(const Result<http::Reply>& reply, Instant now) {
    if (!reply) return {.problem = reply.error().message};
    const auto* retry_after = http::find_header(reply->headers, "Retry-After");
    return judge_answer(reply->status, retry_after == nullptr ? "" : *retry_after, now);
}

}  // namespace

/// Everything but `posted`, `running` and the thread-safe calls lives on the strand.
struct OutboundWorker::State {
    State(asio::io_context& io, OutboundWorld the_world, OutboundConfig the_config,
          OutboundMetrics the_metrics)
        : strand(asio::make_strand(io)),
          world(std::move(the_world)),
          config(the_config),
          metrics(std::move(the_metrics)),
          look_timer(strand),
          // Never runs out; cancel_one wakes one idle lane. Set once, because setting it cancels.
          lane_timer(strand, std::chrono::steady_clock::time_point::max()) {}

    void start();
    void look_now() {
        look_again = true;
        look_timer.cancel();
    }
    [[nodiscard]] int room() const { return config.lanes - in_hand; }

    asio::awaitable<void> claim_loop();
    asio::awaitable<void> lane_loop();
    asio::awaitable<std::vector<ClaimedDelivery>> claim();
    asio::awaitable<void> keep_house();
    asio::awaitable<void> deliver(const ClaimedDelivery& claimed);
    asio::awaitable<Tried> try_once(const ClaimedDelivery& claimed);
    asio::awaitable<Result<http::Reply>> send(const ClaimedDelivery& claimed, Instant at);
    void record(sql::Transaction& tx, const ClaimedDelivery& claimed, const Tried& tried);
    void report(const ClaimedDelivery& claimed, const Tried& tried) const;

    asio::strand<asio::io_context::executor_type> strand;
    OutboundWorld world;
    OutboundConfig config;
    OutboundMetrics metrics;

    asio::steady_timer look_timer;  ///< the claimer waits on it
    asio::steady_timer lane_timer;  ///< idle lanes wait on it
    std::deque<ClaimedDelivery> ready;
    int in_hand = 0;
    bool look_again = false;
    bool stopping = false;
    Instant counted_at{};
    Instant purged_at{};

    std::atomic<bool> posted{false};
    std::atomic<int> running{0};
};

void OutboundWorker::State::start() {
    const auto ended = [this](const std::exception_ptr& error) {
        // A loop ends only when it is told to; nothing it calls may throw past it.
        check(error == nullptr, "an outbound loop does not throw");
        --running;
    };
    running = config.lanes + 1;
    asio::co_spawn(strand, claim_loop(), ended);
    for (int lane = 0; lane < config.lanes; ++lane) asio::co_spawn(strand, lane_loop(), ended);
}

asio::awaitable<void> OutboundWorker::State::claim_loop() {
    while (!stopping) {
        look_again = false;
        if (room() > 0) {
            auto claimed = co_await claim();
            in_hand += static_cast<int>(claimed.size());
            for (auto& one : claimed) {
                ready.push_back(std::move(one));
                lane_timer.cancel_one();
            }
        }
        co_await keep_house();
        if (stopping || (look_again && room() > 0)) continue;
        look_timer.expires_after(config.poll);
        co_await look_timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

asio::awaitable<std::vector<ClaimedDelivery>> OutboundWorker::State::claim() {
    try {
        const Instant now = world.clock.now();
        auto look = [now](sql::Transaction& tx) { return has_due_deliveries(tx, now); };
        if (!co_await world.db.read(std::move(look))) co_return std::vector<ClaimedDelivery>();
        const ClaimRule rule{now, now + config.lease, config.per_endpoint_max, room()};
        auto take = [rule](sql::Transaction& tx) { return claim_deliveries(tx, rule); };
        co_return co_await world.db.write(std::move(take));
    } catch (const sql::Failure& broken) {
        spdlog::error("event=delivery.claim_failed error=\"{}\"", broken.what());
    }
    co_return std::vector<ClaimedDelivery>();
}

asio::awaitable<void> OutboundWorker::State::keep_house() {
    const Instant now = world.clock.now();
    try {
        if (metrics.waiting && now - counted_at >= config.between_counts) {
            counted_at = now;
            auto count = [](sql::Transaction& tx) { return count_waiting_deliveries(tx); };
            metrics.waiting(co_await world.db.read(std::move(count)));
        }
        if (now - purged_at < config.between_purges) co_return;
        const Instant oldest = now - config.keep;
        auto purge = [oldest](sql::Transaction& tx) {
            return purge_outbox(tx, oldest, kPurgedAtOnce);
        };
        // A full round means that more is there: the next look goes on with it.
        if (co_await world.db.write(std::move(purge)) < kPurgedAtOnce) purged_at = now;
    } catch (const sql::Failure& broken) {
        spdlog::error("event=delivery.purge_failed error=\"{}\"", broken.what());
    }
}

asio::awaitable<void> OutboundWorker::State::lane_loop() {
    while (!stopping) {
        if (ready.empty()) {
            co_await lane_timer.async_wait(asio::as_tuple(asio::use_awaitable));
            continue;
        }
        const ClaimedDelivery claimed = std::move(ready.front());
        ready.pop_front();
        co_await deliver(claimed);
        --in_hand;
        look_now();
    }
}

asio::awaitable<Result<http::Reply>> OutboundWorker::State::send(const ClaimedDelivery& claimed,
                                                                 Instant at) {
    if (claimed.endpoint.kind != EndpointKind::AlertEmail) {
        auto call = call_of(claimed, world.box, at, config.timeout);
        if (!call) co_return failure(call);
        co_return co_await world.http.send(*std::move(call));
    }
    if (!world.mail)
        co_return conflict("webhook.no_mail", "no mail server is configured: set smtp.url");
    auto letter = mail_of(claimed);
    const auto sent = co_await world.mail(std::move(letter));
    if (!sent) co_return failure(sent);
    co_return http::Reply{.status = 250, .headers = {}, .body = {}};
}

asio::awaitable<Tried> OutboundWorker::State::try_once(const ClaimedDelivery& claimed) {
    const Instant began = world.clock.now();
    const auto clock_began = std::chrono::steady_clock::now();
    const auto reply = co_await send(claimed, began);
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - clock_began);
    Tried tried{.judgement = judge(reply, world.clock.now()), .attempt = {}};
    tried.attempt = {.number = claimed.delivery.tries_made,
                     .at = began,
                     .status = reply ? reply->status : 0,
                     .problem = storable(tried.judgement.problem),
                     .duration_ms = took.count(),
                     .response = reply ? storable(reply->body) : std::string()};
    co_return tried;
}

asio::awaitable<void> OutboundWorker::State::deliver(const ClaimedDelivery& claimed) {
    const auto tried = co_await try_once(claimed);
    auto write = [&](sql::Transaction& tx) {
        record(tx, claimed, tried);
        return true;
    };
    try {
        co_await world.db.write(std::move(write));
        report(claimed, tried);
    } catch (const sql::Failure& broken) {
        // Its lease ends, and it is sent again under the same id.
        spdlog::error("event=delivery.not_recorded id={} error=\"{}\"", claimed.delivery.id.text(),
                      broken.what());
    }
}

void OutboundWorker::State::record(sql::Transaction& tx, const ClaimedDelivery& claimed,
                                   const Tried& tried) {
    const Instant now = world.clock.now();
    const WebhookDelivery& delivery = claimed.delivery;
    const auto& [verdict, pause, problem] = tried.judgement;
    const auto wait = wait_after_try(delivery.attempts, jitter_of(delivery));
    const bool again = verdict == DeliveryVerdict::Failed && wait.has_value();
    const auto state = verdict == DeliveryVerdict::Delivered ? DeliveryState::Delivered
                       : again                               ? DeliveryState::Pending
                                                             : DeliveryState::Failed;
    const Instant next = again ? now + std::max(*wait, pause.value_or(Duration(0))) : now;
    if (!finish_delivery(tx, delivery, state, next)) return;
    insert_attempt(tx, delivery.id, tried.attempt);
    if (pause) pause_endpoint(tx, delivery.endpoint, now + *pause);
    if (state != DeliveryState::Failed) return;
    const auto why = verdict == DeliveryVerdict::Gone ? EndpointStop::Gone : EndpointStop::Failing;
    stop_endpoint(tx, delivery.endpoint, why,
                  {.box = world.box,
                   .guard = world.guard,
                   .sends_mail = static_cast<bool>(world.mail),
                   .authority = {"job:webhooks", ""},
                   .now = now,
                   .ids = world.ids});
}

void OutboundWorker::State::report(const ClaimedDelivery& claimed, const Tried& tried) const {
    const auto verdict = tried.judgement.verdict;
    const bool is_last = claimed.delivery.attempts >= kDeliveryTriesMax;
    const std::string_view outcome = verdict == DeliveryVerdict::Delivered ? "delivered"
                                     : verdict == DeliveryVerdict::Gone    ? "gone"
                                     : is_last                             ? "exhausted"
                                                                           : "failed";
    if (metrics.delivery) metrics.delivery(outcome);
    if (verdict == DeliveryVerdict::Delivered) return;
    spdlog::warn("event=delivery.{} id={} endpoint={} try={} problem=\"{}\"", outcome,
                 claimed.delivery.id.text(), claimed.delivery.endpoint.text(),
                 claimed.delivery.tries_made, tried.attempt.problem);
}

OutboundWorker::OutboundWorker(asio::io_context& io, OutboundWorld world, OutboundConfig config,
                               OutboundMetrics metrics)
    : state_(std::make_unique<State>(io, std::move(world), config, std::move(metrics))) {
    check(config.lanes > 0 && config.per_endpoint_max > 0, "an outbound worker has lanes");
    check(config.lease > config.timeout, "a lease outlasts a try");
}

OutboundWorker::~OutboundWorker() = default;

void OutboundWorker::start() {
    asio::post(state_->strand, [state = state_.get()] { state->start(); });
}

void OutboundWorker::wake() {
    if (state_->posted.exchange(true)) return;
    asio::post(state_->strand, [state = state_.get()] {
        state->posted = false;
        state->look_now();
    });
}

void OutboundWorker::stop() {
    asio::post(state_->strand, [state = state_.get()] {
        state->stopping = true;
        state->look_timer.cancel();
        state->lane_timer.cancel();
    });
}

bool OutboundWorker::stopped() const { return state_->running == 0; }

}  // namespace turnpike
