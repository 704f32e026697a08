#include "monitoring/monitor.h"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <spdlog/spdlog.h>

#include "base/check.h"

namespace turnpike {
namespace {

/// Written in one transaction: others want the ledger too.
constexpr std::size_t kWrittenAtOnce = 100;

std::vector<Finding> load_observable_findings(sql::Transaction& tx) {
    std::vector<Finding> open;
    for (const FindingKind kind : kObservedKinds)
        std::ranges::move(load_open_findings(tx, kind), std::back_inserter(open));
    return open;
}

/// Takes up to kWrittenAtOnce from the end of each list.
Settlement take_part(Settlement& rest) {
    const auto take = [](auto& from, auto& to) {
        const auto count = std::min(from.size(), kWrittenAtOnce);
        const auto begin = from.end() - static_cast<std::ptrdiff_t>(count);
        std::move(begin, from.end(), std::back_inserter(to));
        from.erase(begin, from.end());
    };
    Settlement part;
    take(rest.over, part.over);
    take(rest.changed, part.changed);
    // What takes the place of another one can be opened when that is closed.
    if (rest.over.empty()) take(rest.fresh, part.fresh);
    return part;
}

}  // namespace

Monitor::Monitor(boost::asio::io_context& io, MonitorWorld world, MonitorRule rule,
                 MonitorSchedule schedule)
    : strand_(boost::asio::make_strand(io)),
      world_(std::move(world)),
      rule_(rule),
      schedule_(schedule),
      timer_(strand_) {}

void Monitor::start() {
    boost::asio::co_spawn(strand_, run(), [](const std::exception_ptr& error) {
        check(error == nullptr, "the monitor's loop does not throw");
    });
}

void Monitor::stop() {
    boost::asio::post(strand_, [this] {
        stopping_ = true;
        timer_.cancel();
    });
}

boost::asio::awaitable<void> Monitor::run() {
    using std::chrono::steady_clock;
    auto observe_at = steady_clock::now();
    while (!stopping_) {
        try {
            co_await measure(world_.clock.now());
            if (steady_clock::now() >= observe_at) {
                observe_at = steady_clock::now() + schedule_.observe_every;
                co_await observe_all(world_.clock.now());
            }
        } catch (const std::exception& error) {
            spdlog::warn("event=monitor.waits message=\"{}\"", error.what());
        }
        if (stopping_) co_return;
        timer_.expires_after(schedule_.measure_every);
        co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
}

boost::asio::awaitable<void> Monitor::measure(Instant now) {
    auto look = [this, now](sql::Transaction& tx) {
        return load_action_lags(tx, world_.letters, now);
    };
    auto lags = co_await world_.db.read(std::move(look));
    if (world_.jobs) std::ranges::copy(world_.jobs(), std::back_inserter(lags));
    if (world_.measured) world_.measured(lags);
    const std::lock_guard lock(mutex_);
    lags_ = std::move(lags);
    measured_at_ = std::chrono::steady_clock::now();
}

boost::asio::awaitable<SettledCount> Monitor::observe_all(Instant now) {
    const auto lags = this->lags();
    auto look = [&](sql::Transaction& tx) {
        return settle(observe(tx, rule_, lags, now), load_observable_findings(tx));
    };
    Settlement rest = co_await world_.db.read(std::move(look));
    SettledCount count;
    while (!rest.is_empty()) {
        const Settlement part = take_part(rest);
        auto write = [&](sql::Transaction& tx) {
            return apply_settlement(tx, part, now, world_.ids);
        };
        const auto written = co_await world_.db.write(std::move(write));
        count.opened += written.opened;
        count.closed += written.closed;
    }
    if (count.opened + count.closed > 0)
        spdlog::info("event=monitor.observed opened={} closed={}", count.opened, count.closed);
    auto count_open = [](sql::Transaction& tx) { return count_open_findings(tx, ""); };
    const auto open = co_await world_.db.read(std::move(count_open));
    if (world_.counted) world_.counted(open);
    const std::lock_guard lock(mutex_);
    observed_at_ = now;
    co_return count;
}

std::vector<ActionLag> Monitor::lags() const {
    using std::chrono::duration_cast, std::chrono::seconds, std::chrono::steady_clock;
    const std::lock_guard lock(mutex_);
    auto lags = lags_;
    const auto age = duration_cast<seconds>(steady_clock::now() - measured_at_);
    lags.push_back({"monitor", age.count()});
    return lags;
}

std::vector<ActionLag> Monitor::late() const {
    auto lags = this->lags();
    std::erase_if(lags,
                  [&](const ActionLag& lag) { return lag.seconds <= rule_.late_after.count(); });
    return lags;
}

std::optional<Instant> Monitor::observed_at() const {
    const std::lock_guard lock(mutex_);
    return observed_at_;
}

}  // namespace turnpike
