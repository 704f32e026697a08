#include "analytics/usage/usage_rollup.h"

#include <chrono>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "analytics/usage/group_store.h"
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

UsageGroups groups_of(const std::vector<UsageDelta>& deltas) {
    UsageGroups groups;
    for (const UsageDelta& delta : deltas) {
        if (delta.properties.empty()) continue;
        const Instant day = std::chrono::floor<std::chrono::days>(delta.hour);
        groups[{delta.customer, delta.meter_key, day, delta.properties}].add(
            {delta.events, UsageSum::from_parts(delta.units, delta.millionths)});
    }
    return groups;
}

}  // namespace

UsageRollup::UsageRollup(World world) : world_(std::move(world)), made_at_(world_.clock.now()) {}

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
    return unix_seconds(world_.clock.now()) - unix_seconds(as_of().value_or(made_at_));
}

Result<std::monostate> UsageRollup::catch_up() {
    for (;;) {
        const Instant began = world_.clock.now();
        const Result<Left> left = world_.log == nullptr ? take_from_ledger() : follow_log();
        if (!left) return failure(left);
        if (*left == Left::Nothing) as_of_us_ = unix_micros(began);
        if (*left == Left::Nothing || is_stopping_) return std::monostate{};
    }
}

Result<UsageRollup::Left> UsageRollup::follow_log() {
    const UsageLog& log = *world_.log;
    const LogMark from = world_.db.read_blocking(load_mark);
    LogTally tally(log.names());
    const LogFollower follower{
        .event = [&](const SealedEvent& event) { tally.count(event.record); },
        .has_enough = [&] { return tally.is_full(); },
        .correction = [&](const CorrectionRecord& correction) { tally.count(correction); }};
    const auto until = log.follow(from, follower);
    if (!until) return failure(until);
    if (*until == from) return Left::Nothing;
    const auto counters = log.durable_counters(tally.counters());
    if (!counters) return failure(counters);
    const UsageRollups rollups = tally.rollups();
    const UsageGroups groups = tally.groups();
    using Raised = std::optional<std::vector<UsageAlert>>;
    const auto raised = world_.db.write_blocking([&](sql::Transaction& tx) -> Raised {
        if (load_mark(tx) != from) return std::nullopt;  // by a commit whose answer was lost
        add_rollups(tx, rollups);
        add_groups(tx, groups);
        auto alerts = raise_alerts(tx, *counters, world_.clock.now(), world_.ids);
        save_mark(tx, *until);
        return alerts;
    });
    if (raised) tell(*raised);
    return raised && !tally.is_full() ? Left::Nothing : Left::More;
}

UsageRollup::Left UsageRollup::take_from_ledger() {
    struct Taken {
        std::size_t deltas;
        std::vector<UsageAlert> alerts;
    };
    const Taken taken = world_.db.write_blocking([&](sql::Transaction& tx) {
        const auto deltas = take_deltas(tx, kDeltasMax);
        add_rollups(tx, rollups_of(deltas));
        add_groups(tx, groups_of(deltas));
        const auto counters = load_moved_counters(tx, deltas);
        return Taken{deltas.size(), raise_alerts(tx, counters, world_.clock.now(), world_.ids)};
    });
    tell(taken.alerts);
    return taken.deltas < kDeltasMax ? Left::Nothing : Left::More;
}

void UsageRollup::tell(const std::vector<UsageAlert>& alerts) const {
    for (const UsageAlert& alert : alerts) {
        spdlog::info(
            "event=usage.threshold_reached alert={} customer={} meter={} reset={} kind={} "
            "percent={}",
            alert.id.text(), alert.customer.text(), alert.meter_key, to_text(alert.reset),
            to_text(alert.threshold.kind), alert.threshold.percent);
        if (world_.raised) world_.raised(alert);
    }
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
