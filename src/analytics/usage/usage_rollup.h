#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "analytics/usage/usage_alert.h"
#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "metering/log/usage_log.h"
#include "sql/database.h"

namespace turnpike {

/// Keeps the sums of usage by hour and day, a moment behind the store of usage, and raises the
/// alerts of the counters that the usage moved. Each recorded event is counted once, and each alert
/// raised once, whatever crashes: both are one transaction with how far they have come.
///
/// Beside a usage log it follows the log's durable frames. Where the ledger keeps usage, it takes
/// the deltas that were written with the events (metering/usage_delta.h); any number of nodes may.
class UsageRollup {
public:
    /// All outlive it.
    struct World {
        sql::Database& db;
        const UsageLog* log;  ///< nullptr where the ledger keeps usage
        const Clock& clock;
        IdSource& ids;
        /// Told of each alert after its commit, unless a crash comes between. May be empty.
        std::function<void(const UsageAlert& alert)> raised{};
    };
    explicit UsageRollup(World world);
    UsageRollup(const UsageRollup&) = delete;
    UsageRollup& operator=(const UsageRollup&) = delete;
    ~UsageRollup();

    /// Every other second from now on, on a thread of its own.
    void start();
    /// Waits for the pass under way. Idempotent.
    void stop();

    /// Counts what is durable now; on the calling thread, one call at a time. Throws sql::Failure.
    /// Errors: those of UsageLog::follow.
    Result<std::monostate> catch_up();

    /// All usage that was acknowledged before this moment is in the sums; nullopt until that is
    /// known for the first time. Ask before reading them. Thread-safe.
    [[nodiscard]] std::optional<Instant> as_of() const;
    /// How long that is ago; while it is not known, since this was made. Thread-safe.
    [[nodiscard]] std::int64_t seconds_behind() const;

private:
    enum class Left : bool { Nothing, More };
    Result<Left> follow_log();
    Left take_from_ledger();
    void tell(const std::vector<UsageAlert>& alerts) const;
    boost::asio::awaitable<void> run();
    void try_to_catch_up();

    const World world_;
    const Instant made_at_;
    static constexpr std::int64_t kNever = -1;
    std::atomic<std::int64_t> as_of_us_ = kNever;
    std::atomic<bool> is_stopping_ = false;
    boost::asio::thread_pool thread_{1};
    boost::asio::steady_timer timer_{thread_};
};

}  // namespace turnpike
