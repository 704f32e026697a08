#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>

#include "base/id.h"
#include "base/time.h"
#include "monitoring/due_actions.h"
#include "monitoring/finding_store.h"
#include "monitoring/observe.h"
#include "sql/database.h"

namespace turnpike {

/// What the monitor works with; all of it outlives the monitor.
struct MonitorWorld {
    sql::Database& db;
    const Clock& clock;
    IdSource& ids;
    Letters letters = Letters::NotSent;
    /// How late the jobs of this process are, which no table says.
    std::function<std::vector<ActionLag>()> jobs{};
    /// Hears of every measurement.
    std::function<void(const std::vector<ActionLag>&)> measured{};
    /// Hears how many findings are open, after every pass.
    std::function<void(const OpenFindings&)> counted{};
};

struct MonitorSchedule {
    std::chrono::milliseconds measure_every{2'000};
    std::chrono::seconds observe_every{60};
};

/// Measures how late every due action is, and writes down what somebody should look at. Several on
/// one database write each finding once.
class Monitor {
public:
    Monitor(boost::asio::io_context& io, MonitorWorld world, MonitorRule rule,
            MonitorSchedule schedule);
    Monitor(const Monitor&) = delete;
    Monitor& operator=(const Monitor&) = delete;

    /// Once.
    void start();
    /// Ends after the step under way. Thread-safe.
    void stop();

    /// One measurement at `now`. Throws sql::Failure.
    boost::asio::awaitable<void> measure(Instant now);
    /// One pass over everything that can be found at `now`. Throws sql::Failure.
    boost::asio::awaitable<SettledCount> observe_all(Instant now);

    /// As measured last, and "monitor" itself, which is as late as the measurement is old.
    /// Thread-safe.
    [[nodiscard]] std::vector<ActionLag> lags() const;
    /// Those beyond the threshold: what /readyz is red for. Thread-safe.
    [[nodiscard]] std::vector<ActionLag> late() const;
    [[nodiscard]] std::chrono::seconds late_after() const { return rule_.late_after; }
    /// When the last pass over everything has ended. Thread-safe.
    [[nodiscard]] std::optional<Instant> observed_at() const;

private:
    boost::asio::awaitable<void> run();

    boost::asio::strand<boost::asio::io_context::executor_type> strand_;
    const MonitorWorld world_;
    const MonitorRule rule_;
    const MonitorSchedule schedule_;
    boost::asio::steady_timer timer_;
    bool stopping_ = false;
    mutable std::mutex mutex_;  ///< of what follows
    std::vector<ActionLag> lags_;
    std::chrono::steady_clock::time_point measured_at_ = std::chrono::steady_clock::now();
    std::optional<Instant> observed_at_;
};

}  // namespace turnpike
