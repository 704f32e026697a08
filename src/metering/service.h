#pragma once

#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/container/small_vector.hpp>

#include "access/cursor.h"
#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "metering/correction.h"
#include "metering/counter.h"
#include "metering/counter_history.h"
#include "metering/customer_window.h"
#include "metering/subject_windows.h"
#include "metering/usage_event.h"
#include "sql/sql.h"

namespace turnpike {

namespace asio = boost::asio;

/// Nearly every event does one thing.
using UsageCounts = boost::container::small_vector<UsageCount, 1>;

/// An event that was read and placed, before the store has decided.
struct PendingUsage {
    UsageEvent event;
    TimeStated stated;
    /// What it does, at least one, kUsageCountsMax at most: of one contract, no two to the same
    /// window. It is accepted when all of them fit. The first one's meter and value are the
    /// event's. None of a correction.
    UsageCounts counts;
    /// All that its sender said of what was used, as parts of its content; "" where that is the
    /// event's meter and quantity.
    std::string said{};
    /// Of a correction: what it does. Its event has neither meter nor quantity.
    std::optional<Correction> correction{};
};
using Placed = std::expected<PendingUsage, EventComplaint>;

/// Events of one request, and what is needed to place them.
struct AppendJob {
    std::vector<std::string_view> subjects;  ///< as FindWindow takes them
    WindowLook look;
    /// One answer per event, in order. Runs on any thread, and once more when it sought windows of
    /// late usage: then they are there.
    std::function<std::vector<Placed>(SubjectWindows& windows)> place;
    Instant system_now;
    enum class Counters : bool { Omit, Report } counters = Counters::Omit;
    bool has_corrections = false;  ///< among the events; otherwise nobody looks for one
};

/// What became of one event.
struct UsageOutcome {
    Verdict verdict = Verdict::Accepted;
    /// Set exactly when Rejected: as it was placed, "limit_exceeded" or "counter_full"; of a
    /// correction also "unknown_event", or as changes_of() says.
    std::optional<EventComplaint> complaint{};
    /// As the event left them, as of its time; one for each of its counts, when the job asks and
    /// the event was placed.
    std::vector<Counter> counters{};
};

struct AppendReport {
    std::vector<UsageOutcome> outcomes;  ///< one per event, in order
    std::vector<CustomerId> moved;       ///< customers whose counters moved, each once
    std::vector<CustomerId> corrected;   ///< of these, whose counters may count less than before
};

/// Billing periods of a subscription that ended after `ended_after` and began before
/// `began_before`.
struct PeriodQuery {
    CustomerId customer;
    SubscriptionId subscription;
    Instant ended_after, began_before;
};

/// One recorded event, as listings show it.
struct RecordedEvent {
    UsageEventId id;
    UsageEvent event;
    Instant received_at;
    /// At least one, in the order in which it was placed. Of a correction, what it changed: below
    /// zero where it took away.
    std::vector<MovedCounter> counts;
    EventStatus status{};
    /// Of a correction. Its event's meter is that of the first counter, its quantity that of the
    /// amend, 0 of a void.
    std::optional<Correction> corrects{};
};
/// One recorded event, and the counters that it moved as they are now.
struct FollowedEvent {
    RecordedEvent recorded;
    std::vector<Counter> counters;  ///< one for each of its counts, in their order
};
/// How its sender calls an event.
struct EventName {
    std::string source, id;
};
/// Newest arrival first, `page.fetch()` rows at most; the page's times are times of arrival.
struct EventFilter {
    std::optional<CustomerId> customer;
    std::optional<std::string> meter_key;  ///< of any of the counters that it moved
    std::optional<EventName> name;
    PageQuery page;
};

/// Usage: every event once, counted in its customer's periods. Two implementations: the ledger's
/// own tables (sql_usage.h, PostgreSQL), and a log in the data directory (log_usage.h, beside
/// SQLite).
///
/// The store is the truth of usage, the ledger that of contracts; nothing asks that both commit
/// together (README.md says why each crash between them is safe). Thread-safe.
///
/// Both fail alike with Errors: Unavailable, with a time to come back. The ledger's own failures
/// are exceptions, as everywhere (sql::Failure).
class UsageStore {
public:
    UsageStore() = default;
    UsageStore(const UsageStore&) = delete;
    UsageStore& operator=(const UsageStore&) = delete;
    virtual ~UsageStore() = default;

    /// Looks the subjects up, places the events, and records each for itself, in order: one that is
    /// denied leaves no trace and does not disturb its neighbours. (source, id) names an event for
    /// ever; the same content again is a duplicate, another one a conflict. An event at its hard
    /// limit is denied whole; smaller ones after it may still fit. A correction sees what came
    /// before it, in the job too. Answers when all that it tells of is durable.
    /// Errors: nothing is known of the events; sending them again counts none twice.
    virtual asio::awaitable<Result<AppendReport>> append(AppendJob job) = 0;

    using Counters = std::map<std::string, std::vector<Counter>, std::less<>>;
    /// By meter: of the billing period that began at `period_start`, and of each other reset the
    /// window that holds `now`, in the order of resets; a window that was not used has none. As of
    /// `now`. They are at least as new as what `tx` shows.
    virtual Counters counters(sql::Transaction& tx, const CustomerId& customer,
                              const Contract& contract, Instant period_start, Instant now) = 0;

    /// Those that were used, with their counts, which are durable. Late usage may still move them.
    virtual asio::awaitable<Result<std::vector<UsedPeriod>>> used_periods(PeriodQuery query) = 0;

    virtual asio::awaitable<Result<std::vector<RecordedEvent>>> list_events(EventFilter filter) = 0;
    /// nullopt: no event has this id.
    virtual asio::awaitable<Result<std::optional<FollowedEvent>>> follow_event(UsageEventId id) = 0;

    /// The counter with its history, which is durable: entries and counter agree, whatever is
    /// recorded meanwhile. Reads everything that the customer used, perhaps for seconds.
    /// \return nullopt: nothing was used there
    virtual asio::awaitable<Result<std::optional<CounterHistory>>> read_history(HistoryQuery query,
                                                                                SeeEntry see) = 0;

    /// Set for good when usage can no longer be recorded by this process.
    [[nodiscard]] virtual std::optional<Error> failed() const = 0;
};

}  // namespace turnpike
