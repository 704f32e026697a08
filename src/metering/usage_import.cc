#include "metering/usage_import.h"

#include <algorithm>
#include <filesystem>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include <spdlog/spdlog.h>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "metering/log/durable_file.h"
#include "metering/log_usage.h"
#include "metering/stored_counter.h"

namespace turnpike {
namespace {

// In the order in which they were recorded, which is the order in which they were counted.
constexpr std::string_view kEvents = R"sql(
    SELECT rowid, source, event_id, customer_id, meter_key, quantity, event_time, received_at,
           subscription_id, period_start, latency_us, content_hash
      FROM usage_events
     WHERE rowid > $1
     ORDER BY rowid
     LIMIT $2
)sql";
constexpr std::int64_t kRowsPerRead = 1'000;
/// What may wait for the disk at once.
constexpr std::size_t kEventsPerWait = 20'000;

std::unexpected<Error> misfit(const std::string& what) {
    return fail(ErrorCode::Unavailable, "usage_log.import_failed",
                "the ledger's usage cannot be taken over into a usage log: " + what);
}

/// An event as the ledger has it, and where it is counted.
struct StoredEvent {
    std::int64_t row;
    PendingUsage pending;
    Instant received_at;
};

TimeStated stated_in(const UsageEvent& event, const std::string& content_hash) {
    const bool with_time = to_hex(sha256(content_of(event, TimeStated::Yes))) == content_hash;
    return with_time ? TimeStated::Yes : TimeStated::No;
}

/// Finds the allowance that each event was counted under.
class Recount {
public:
    UsageWindow window_of_next(sql::Transaction& tx, const UsageEvent& event,
                               const Contract& contract, Instant period_start) {
        const Key key{event.customer.text(), std::string(text_of(contract)), event.meter_key,
                      period_start};
        auto at = counts_.find(key);
        if (at == counts_.end()) {
            auto stored = load_counter(tx, event.customer, contract, event.meter_key, period_start);
            at = counts_.emplace(key, Count{*std::move(stored), Quantity{}, 0}).first;
        }
        auto& [stored, used, segment] = at->second;
        const auto& segments = stored.segments;
        while (segment + 1 < segments.size() && segments[segment + 1].from_used <= used) ++segment;
        used = used + event.quantity;
        const CounterSegment& in_force = segments[segment];
        return {contract,
                stored.period,
                in_force.plan_version,
                in_force.included,
                in_force.overage_unit_price,
                0};
    }
    [[nodiscard]] bool is_complete() const {
        return std::ranges::all_of(counts_, [](const auto& count) {
            return count.second.used == count.second.stored.used;
        });
    }

private:
    using Key = std::tuple<std::string, std::string, std::string, Instant>;
    struct Count {
        Counter stored;
        Quantity used;
        std::size_t segment;
    };
    std::map<Key, Count> counts_;
};

StoredEvent event_from(sql::Transaction& tx, const sql::Row& row, Recount& recount) {
    UsageEvent event{.source = row.text(1),
                     .id = row.text(2),
                     .customer = row.id<CustomerId>(3),
                     .meter_key = row.text(4),
                     .quantity = row.quantity(5),
                     .time = row.instant(6),
                     .latency_us = row.maybe_integer(10)};
    const std::string& subscription = row.text(8);
    Contract contract;
    if (!subscription.empty()) contract = SubscriptionId::trusted(subscription);
    auto window = recount.window_of_next(tx, event, contract, row.instant(9));
    const TimeStated stated = stated_in(event, row.text(11));
    return {row.integer(0), {std::move(event), stated, std::move(window)}, row.instant(7)};
}

/// Puts events into the log without waiting for each.
class LogFeed {
public:
    explicit LogFeed(UsageLog& log) : log_(log) {}

    /// All of one time of arrival.
    Result<std::monostate> add(std::span<const StoredEvent> events) {
        std::vector<LoggedUse> uses;
        uses.reserve(events.size());
        for (const auto& [row, pending, received_at] : events)
            uses.push_back({pending.event, pending.window, content_check(pending)});
        waiting_ += events.size();
        const bool waits = waiting_ >= kEventsPerWait;
        std::promise<std::optional<Error>> durable;
        const auto verdicts =
            waits ? log_.append(uses, events.front().received_at,
                                [&](const auto& failed) { durable.set_value(failed); })
                  : log_.append(uses, events.front().received_at, [](const auto&) {});
        if (!verdicts) return failure(verdicts);
        const auto refused = std::ranges::find_if_not(
            *verdicts, [](LogVerdict verdict) { return verdict == LogVerdict::Accepted; });
        if (waits) {
            waiting_ = 0;
            if (const auto failed = durable.get_future().get()) return std::unexpected(*failed);
        }
        if (refused == verdicts->end()) return std::monostate{};
        const auto& event =
            events[static_cast<std::size_t>(refused - verdicts->begin())].pending.event;
        return misfit("event " + event.id + " of " + event.source +
                      " does not fit its counter; nothing was changed");
    }

    /// When it returns without an error, everything is durable.
    Result<std::monostate> finish() {
        std::promise<std::optional<Error>> durable;
        const auto asked =
            log_.append({}, Instant{}, [&](const auto& failed) { durable.set_value(failed); });
        if (!asked) return failure(asked);
        if (const auto failed = durable.get_future().get()) return std::unexpected(*failed);
        return std::monostate{};
    }

private:
    UsageLog& log_;
    std::size_t waiting_ = 0;
};

Result<std::monostate> take_over(sql::Database& ledger, UsageLog& log) {
    Recount recount;
    LogFeed feed(log);
    std::int64_t last_row = 0;
    for (;;) {
        const auto events = ledger.read_blocking([&](sql::Transaction& tx) {
            std::vector<StoredEvent> read;
            for (const auto& row : tx.all(kEvents, {last_row, kRowsPerRead}))
                read.push_back(event_from(tx, row, recount));
            return read;
        });
        if (events.empty()) break;
        last_row = events.back().row;
        auto rest = std::span(events);
        while (!rest.empty()) {
            const auto other = std::ranges::find_if(rest, [&](const StoredEvent& event) {
                return event.received_at != rest.front().received_at;
            });
            const auto count = static_cast<std::size_t>(other - rest.begin());
            const auto added = feed.add(rest.first(count));
            if (!added) return failure(added);
            rest = rest.subspan(count);
        }
    }
    if (!recount.is_complete()) return misfit("a counter is not the sum of its events");
    return feed.finish();
}

bool has_usage(sql::Database& ledger) {
    return ledger.read_blocking([](sql::Transaction& tx) {
        return tx.one("SELECT 1 FROM usage_events LIMIT 1").has_value();
    });
}

Result<std::monostate> put_in_place(const std::string& made, const std::string& directory) {
    std::error_code error;
    std::filesystem::rename(made, directory, error);
    if (error)
        return fail(ErrorCode::Unavailable, "usage_log.unreachable",
                    directory + ": " + error.message());
    return sync_directory(std::filesystem::path(directory).parent_path());
}

}  // namespace

Result<std::unique_ptr<UsageLog>> open_usage_log(const UsageLog::Config& config,
                                                 sql::Database& ledger) {
    if (exists(config.directory) || !has_usage(ledger)) return UsageLog::open(config);
    auto beside = config;
    beside.directory += ".importing";
    std::error_code ignored;
    std::filesystem::remove_all(beside.directory, ignored);
    {
        const auto log = UsageLog::open(beside);
        if (!log) return failure(log);
        const auto taken_over = take_over(ledger, **log);
        if (!taken_over) return failure(taken_over);
        spdlog::info("event=usage_log.imported events={}", (*log)->events());
    }
    const auto placed = put_in_place(beside.directory, config.directory);
    if (!placed) return failure(placed);
    return UsageLog::open(config);
}

}  // namespace turnpike
