#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "entitlements/standing.h"
#include "metering/counter.h"

namespace turnpike {

/// A standing with the counters of every meter of its plan, one for each allowance; one that was
/// not used yet is fresh.
struct StandingSnapshot {
    Standing standing;
    std::map<std::string, std::vector<Counter>, std::less<>> counters;
    /// Of the customer's time: from then on one of them, a day's or a week's or a month's, is that
    /// of a window that has ended. Absent: none has an end but the billing period's.
    std::optional<Instant> counts_until{};
};

/// Standings and counters in memory, so that a check asks no database. Bounded: when a shard is
/// full its oldest entry goes. Thread-safe; no lock is held across a call out of this class.
///
/// Whoever commits a change says so afterwards: count_moved() or counts_moved() after usage,
/// counts_fell() after a correction,
/// invalidate() after anything else that touches a customer's standing, clear() after the catalog
/// or a test clock. Whoever met a standing without its counters tells it by seen(). A loader takes
/// a ticket before it reads; what it read is refused if the customer changed since, so that a slow
/// read never hides a newer commit.
///
///     const auto ticket = cache.ticket();
///     auto snapshot = ... read from the ledger ...
///     cache.put(ticket, snapshot);
class StandingCache {
public:
    struct Config {
        std::size_t capacity = 100'000;  ///< customers; about 1 KiB each
        /// How long another node's change may stay unseen. On SQLite this process sees every
        /// change and the limit is only a safety net.
        std::chrono::milliseconds age_max{60'000};

        /// One second on PostgreSQL, where several nodes may write.
        static Config for_engine(std::string_view engine);
    };
    using Snapshot = std::shared_ptr<const StandingSnapshot>;
    using Ticket = std::uint64_t;
    enum class Age : bool { Fresh, Any };

    explicit StandingCache(Config config);

    /// nullptr when unknown, too old, or when `system_now` is past what the standing or one of its
    /// counters holds for. Rolling windows move on by themselves: see as_of().
    /// `ref` is "cus_..", "ext:..", or an external id. Age::Any is for serving while the ledger is
    /// down: whatever was known last.
    [[nodiscard]] Snapshot find(std::string_view ref, Instant system_now, Age age = Age::Fresh);

    /// The standing alone, for who asks a store of usage for the counts; nullopt as find(Fresh).
    [[nodiscard]] std::optional<Standing> find_standing(std::string_view ref, Instant system_now);

    [[nodiscard]] Ticket ticket() const { return changes_.load(); }
    void put(Ticket ticket, Snapshot snapshot);

    /// A standing that was read with a ticket of before. Without counters it answers no check: it
    /// is kept for find_standing(), and for Age::Any where nothing newer is known.
    void seen(Ticket ticket, const Standing& standing);

    /// After a commit that moved counters: a later count of the same contract and window is taken
    /// over, an earlier one ignored. Where nobody can tell which is the later one, the counts are
    /// forgotten: also when they fell since `ticket`, which was taken before the counters were.
    void count_moved(Ticket ticket, const CustomerId& customer, std::span<const Counter> counters);
    /// After a commit that moved counters, without saying which: the standing stays.
    void counts_moved(const CustomerId& customer);
    /// After a commit that took usage away. What was counted before it may be told later, and is
    /// the larger number: count_moved() does not believe it.
    void counts_fell(const CustomerId& customer);
    void invalidate(const CustomerId& customer);
    void clear();

    [[nodiscard]] std::size_t size() const;

private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t kShards = 16;
    static constexpr std::size_t kStripes = 64;

    struct Entry {
        Snapshot snapshot;
        /// Absent after invalidate(): kept for Age::Any only.
        std::optional<Clock::time_point> loaded_at;
        /// Of the counts, which age by themselves; absent while they are not known.
        std::optional<Clock::time_point> counted_at;
    };
    struct Shard {
        mutable std::mutex mutex;
        // guarded by mutex
        std::unordered_map<std::string, Entry> entries;  ///< by customer id
        std::deque<std::string> order;                   ///< keys of entries, oldest first
        /// When a customer of this stripe last changed, in ticket numbers.
        std::array<Ticket, kStripes> changed{};
        /// The same, for what is more than a count.
        std::array<Ticket, kStripes> invalidated{};
        /// The same, for counts that fell.
        std::array<Ticket, kStripes> fell{};
    };
    struct Names {
        mutable std::mutex mutex;
        std::unordered_map<std::string, CustomerId> ids;  ///< by external id; never changes
    };

    enum class Fell : bool { No, Yes };
    void forget_counts(const CustomerId& customer, Fell fell);
    Shard& shard_of(std::string_view customer);
    static std::size_t stripe_of(std::string_view customer);
    static void insert(Shard& shard, const std::string& id, Entry entry, std::size_t most);
    std::optional<std::string> id_of(std::string_view ref);
    [[nodiscard]] std::optional<Entry> entry_of(std::string_view ref);
    [[nodiscard]] bool is_young(std::optional<Clock::time_point> since) const;
    [[nodiscard]] bool is_fresh(const Entry& entry, Instant system_now) const;
    void remember_name(const Standing& standing);
    [[nodiscard]] std::size_t shard_max() const { return config_.capacity / kShards + 1; }

    Config config_;
    std::atomic<Ticket> changes_{0};
    std::array<Shard, kShards> shards_;
    std::array<Names, kShards> names_;
};

}  // namespace turnpike
