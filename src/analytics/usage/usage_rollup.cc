#include "analytics/usage/usage_rollup.h"

#include <chrono>
#include <exception>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "analytics/usage/log_tally.h"
#include "analytics/usage/rollup_store.h"
#include "entitlements/gateway_source.h"
#include "metering/usage_delta.h"

namespace turnpike {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kPause{2};
constexpr std::size_t kDeltasMax = 5'000;

UsageRollups rollups_of(const std::vector<UsageDelta>& deltas) {
    UsageRollups rollups;
    for (const UsageDelta& delta : deltas) {
        UsageFigures figures{.events = delta.events,
                             .quantity = UsageSum::from_parts(delta.units, delta.millionths),
                             .latency = {}};
        for (const auto latency_us : delta.latencies_us) figures.latency.add(Duration(latency_us));
        rollups[{delta.customer, delta.meter_key, std::string(route_of_source(delta.source)),
                 delta.hour}]
            .add(figures);
    }
    return rollups;
}

}  // namespace

UsageRollup::UsageRollup(sql::Database& db, const UsageLog* log, const Clock& clock)
    : db_(db), log_(log), clock_(clock), made_at_(clock.now()) {}

UsageRollup::~UsageRollup() { stop(); }

void UsageRollup::start() {
    asio::co_spawn(thread_, run(), [](const std::exception_ptr& error) {
        if (error) spdlog::error("event=usage_rollup.ended");
    });
}

void UsageRollup::stop() {
    is_stopping_ = true;
    asio::post(thread_, [this] { timer_.cancel(); });
    thread_.join();
}

std::optional<Instant> UsageRollup::as_of() const {
    const std::int64_t micros = as_of_us_;
    if (micros == kNever) return std::nullopt;
    return from_unix_micros(micros);
}

std::int64_t UsageRollup::seconds_behind() const {
    return unix_seconds(clock_.now()) - unix_seconds(as_of().value_or(made_at_));
}

Result<std::monostate> UsageRollup::catch_up() {
    for (;;) {
        const Instant began = clock_.now();
        const Result<Left> left = log_ == nullptr ? take_from_ledger() : follow_log();
        if (!left) return failure(left);
        if (*left == Left::Nothing) as_of_us_ = unix_micros(began);
        if (*left == Left::Nothing || is_stopping_) return std::monostate{};
    }
}

Result<UsageRollup::Left> UsageRollup::follow_log() {
    const LogMark from = db_.read_blocking(load_mark);
    LogTally tally(*log_);
    const LogFollower follower{
        .event = [&](const SealedEvent& event) { tally.count(event.record); },
        .has_enough = [&] { return tally.is_full(); },
        .correction = [&](const CorrectionRecord& correction) { tally.count(correction); }};
    const auto until = log_->follow(from, follower);
    if (!until) return failure(until);
    if (*until == from) return Left::Nothing;
    const UsageRollups rollups = tally.rollups();
    const bool is_counted = db_.write_blocking([&](sql::Transaction& tx) {
        if (load_mark(tx) != from) return false;  // by a commit whose answer was lost
        add_rollups(tx, rollups);
        save_mark(tx, *until);
        return true;
    });
    return is_counted && !tally.is_full() ? Left::Nothing : Left::More;
}

UsageRollup::Left UsageRollup::take_from_ledger() {
    const std::size_t taken = db_.write_blocking([](sql::Transaction& tx) {
        const auto deltas = take_deltas(tx, kDeltasMax);
        add_rollups(tx, rollups_of(deltas));
        return deltas.size();
    });
    return taken < kDeltasMax ? Left::Nothing : Left::More;
}

void UsageRollup::try_to_catch_up() {
    try {
        const auto done = catch_up();
        if (!done) spdlog::error("event=usage_rollup.failed message=\"{}\"", done.error().message);
    } catch (const sql::Failure& failure) {
        spdlog::warn("event=usage_rollup.waits message=\"{}\"", failure.what());
    }
}

asio::awaitable<void> UsageRollup::run() {
    while (!is_stopping_) {
        try_to_catch_up();
        timer_.expires_after(kPause);
        boost::system::error_code woken;
        co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
}

}  // namespace turnpike
