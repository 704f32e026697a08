#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "access/cursor.h"
#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "metering/counter.h"
#include "metering/usage_event.h"
#include "sql/sql.h"

namespace turnpike {

/// An event that was read and placed, before the ledger has decided.
struct PendingUsage {
    UsageEvent event;
    std::string content_hash;  ///< hex SHA-256 of content_of(event)
    UsageWindow window;        ///< where its usage goes
};
PendingUsage pending_usage(UsageEvent event, TimeStated stated, UsageWindow window);

struct UsageOutcome {
    Verdict verdict = Verdict::Accepted;
    /// Set exactly when Rejected: code "limit_exceeded".
    std::optional<EventComplaint> complaint;
};

/// Records events and counts them, each event for itself: one that is denied leaves no trace and
/// does not disturb its neighbours, so no savepoint is needed. Duplicates are found for ever, by
/// (source, id); they are told from conflicts by content. An event at its hard limit is denied
/// whole. Events of one counter are granted in the order given; what cannot fit is skipped and
/// smaller ones after it may still fit.
///
/// Exact under concurrency: the counter moves by one conditional UPDATE in the same transaction as
/// the event's row, and a CHECK says the same.
///
/// \return one outcome per event, in order
std::vector<UsageOutcome> record_usage(sql::Transaction& tx, std::span<const PendingUsage> events,
                                       Instant received_at, IdSource& ids);

/// nullopt while nothing was used in the contract's period that begins at `period_start`.
std::optional<Counter> load_counter(sql::Transaction& tx, const CustomerId& customer,
                                    const Contract& contract, const std::string& meter_key,
                                    Instant period_start);

/// Usage so far; a period without usage has none of everything and the window's allowance.
/// Errors: InvalidArgument "money.out_of_range".
Result<Usage> load_usage(sql::Transaction& tx, const CustomerId& customer,
                         const std::string& meter_key, const UsageWindow& window,
                         Currency currency);

/// Puts a counter under a new allowance from the current count on; the next usage would do it by
/// itself. Nothing happens while the period has no usage or when the same plan version is in force
/// already.
void change_allowance(sql::Transaction& tx, const CustomerId& customer,
                      const std::string& meter_key, const UsageWindow& window);

/// One period of a subscription, as metering sees it.
struct SubscribedPeriod {
    CustomerId customer;
    SubscriptionId subscription;
    Period period;
};

/// change_allowance for every meter that was used in this period. A meter that `plan` does not
/// include is stopped where it stands.
void change_allowances(sql::Transaction& tx, const SubscribedPeriod& in, const PlanVersion& plan);

/// What a finished period is charged for: rate_overage(segments) gives the lines.
struct ClosedUsage {
    std::string meter_key;
    std::vector<UsageSegment> segments;
    std::vector<PlanVersionId> plan_versions;  ///< one per segment
};
/// Every meter that was used in the period that begins at `in.period.start`, by key.
std::vector<ClosedUsage> closed_usage(sql::Transaction& tx, const SubscribedPeriod& in);

/// Periods of the subscription that began before this moment and were used at all, in order.
std::vector<Period> used_periods(sql::Transaction& tx, const CustomerId& customer,
                                 const SubscriptionId& subscription, Instant before);

/// One recorded event, as listings show it.
struct RecordedEvent {
    UsageEventId id;
    UsageEvent event;
    Instant received_at;
    Instant period_start;
};
/// Newest arrival first, `page.fetch()` rows at most; the page's times are times of arrival.
struct EventFilter {
    std::optional<CustomerId> customer;
    std::optional<std::string> meter_key;
    PageQuery page;
};
std::vector<RecordedEvent> list_events(sql::Transaction& tx, const EventFilter& filter);

}  // namespace turnpike
