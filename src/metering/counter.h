#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/error.h"
#include "base/id.h"
#include "base/money.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "metering/aggregation.h"
#include "rating/overage.h"

namespace turnpike {

/// What usage counts against: a subscription, or the default plan when there is none. Two contracts
/// never share a counter, even when their periods begin at the same time.
using Contract = std::optional<SubscriptionId>;
/// As it is stored: the subscription's id, or "" for the default plan. Lives as long as `contract`.
std::string_view text_of(const Contract& contract);

/// As UsageWindow::revision, of usage that came late: it is never newer than an allowance in force.
inline constexpr std::int64_t kPastRevision = -1;

/// Where usage goes: one window of one customer and meter, and the allowance in force now.
struct UsageWindow {
    Contract contract;
    std::string meter_key;
    Meter::Aggregation aggregation = Meter::Aggregation::Sum;
    Reset reset{};
    Period period{};  ///< see window_at()
    PlanVersionId plan_version;
    Quantity included;
    std::optional<UnitPrice> overage_unit_price{};  ///< absent: usage stops at the allowance
    std::optional<UnitPrice> overage_cap{};         ///< usage stops where overage costs that much
    /// Of the contract and the customer's overrides when this window was looked up: of two windows
    /// of one contract, the one with the larger revision is the newer, and the same revision has
    /// the same terms. The default plan itself changes only while nobody counts. Of late usage
    /// kPastRevision: a counter that is there keeps its newest allowance.
    std::int64_t revision = 0;
    bool is_on_test_clock = false;      ///< of a customer whose usage may be of any age
    std::uint32_t override_number = 0;  ///< as of Allowance: with plan_version it names the terms
};
/// Overage that is allowed and not charged has the unit price 0.
/// \param period  of the window: window_at(allowance.reset, ..)
UsageWindow window_of(Contract contract, const Period& period, const PlanVersionId& plan_version,
                      Meter::Aggregation aggregation, const Allowance& allowance);

/// What one event may count at most.
inline constexpr std::size_t kUsageCountsMax = 64;

/// What one event does to one counter. A counter that was opened under another aggregation keeps
/// its own: a meter that changes it needs a new key.
struct UsageCount {
    std::shared_ptr<const UsageWindow> window;  ///< never null; events share it
    Quantity value;                             ///< of Count and Unique: 1
    std::uint64_t unique = 0;                   ///< of Unique: a hash of the property's text
};

/// One that an event does not fit.
struct FullWindow {
    const UsageWindow* window = nullptr;  ///< that of one of its counts
    Bound bound = Bound::Allowance;       ///< of its counter
};

/// From which count on an allowance was in force.
struct CounterSegment {
    PlanVersionId plan_version;
    Quantity from_used;
    Quantity included;
    std::optional<UnitPrice> overage_unit_price;
    std::optional<UnitPrice> overage_cap{};
    std::uint32_t override_number = 0;  ///< as of Allowance
};
/// Whether the window brings the terms that the segment is under already.
bool is_under(const CounterSegment& segment, const UsageWindow& window);

/// How much of a meter one customer used in one window of one contract. At least one segment; the
/// first one starts at zero, none starts beyond `used`. A counter that can fall has no other.
struct Counter {
    Contract contract;
    std::string meter_key;
    Meter::Aggregation aggregation = Meter::Aggregation::Sum;
    Reset reset{};
    Period period{};
    Quantity used{};
    /// Absolute for the whole window; absent where overage has no end. used + held <= hard_limit
    /// always, unless the counter can fall and its allowance became smaller.
    std::optional<Quantity> hard_limit{};
    std::vector<CounterSegment> segments{};
    UsageTrail trail{};
    /// By open reservations. What rises used + held above the hard limit, is not let in.
    Quantity held{};
};
CountRule rule_of(const Counter& counter);

/// A counter and whose it is.
struct CustomerCounter {
    CustomerId customer;
    Counter counter;
};

/// What the first usage in a window creates.
Counter open_counter(const UsageWindow& window);

/// The same usage under a new allowance from now on. Where the new plan stops at its allowance, the
/// hard limit becomes used + what is left of it; where it stops at a cap, that and what the cap
/// still pays for; and never less than what is used and held. A counter that can fall is all under
/// the new one instead.
Counter with_allowance(Counter counter, const UsageWindow& window);

/// What is used by the end of its segment `number`: where the next one begins, or all.
Quantity end_of_segment(const Counter& counter, std::size_t number);

/// How much its segment `number` let in at most, all usage before it included; absent where its
/// overage has no end. Of the last one, the counter's own hard limit, unless more was promised.
std::optional<Quantity> hard_limit_under(const Counter& counter, std::size_t number);

/// What the next usage in this window will find: a fresh counter, the stored one, or the stored one
/// under a new allowance.
Counter under_window(std::optional<Counter> stored, const UsageWindow& window);

/// Moves the hard limit of what only rises: where the newest segment stops usage, but never below
/// what is used and held, which was let in under another plan.
void settle_limit(Counter& counter);

/// Counts one value, of Unique 1 for a new one and 0 for a known one. False: the hard limit does
/// not let it in, and nothing changed.
bool count_into(Counter& counter, Quantity value, Instant time);

/// What the counter shows at `moment`: a rolling one without what has left its window.
Counter as_of(Counter counter, Instant moment);

/// The counter's segments as rating takes them.
std::vector<UsageSegment> rated_segments(const Counter& counter);

/// What a period is charged for: rate_overage(segments) gives the lines.
struct UsedMeter {
    std::string meter_key;
    Meter::Aggregation aggregation = Meter::Aggregation::Sum;
    std::vector<UsageSegment> segments;
    std::vector<PlanVersionId> plan_versions;  ///< one per segment
};
struct UsedPeriod {
    Period period;
    std::vector<UsedMeter> meters;  ///< at least one
};
/// \param counters  of one contract's billing periods, by period
std::vector<UsedPeriod> periods_of(const std::vector<Counter>& counters);

/// A counter as people see it.
struct Usage {
    Period period;
    Quantity used;
    Quantity included;   ///< by the allowance in force now
    Quantity remaining;  ///< before overage begins or, where it is blocked, before the end
    Quantity overage;    ///< units beyond allowances so far, all segments
    std::optional<Quantity> hard_limit;
    bool overage_allowed = false;
    Money overage_amount{0, Currency::Usd};  ///< what those units cost if the period ended now
    std::vector<OverageLine> lines;
};
/// Errors: InvalidArgument "money.out_of_range".
Result<Usage> usage_of(const Counter& counter, Currency currency);

/// Units that are left before overage begins or, where there is none, before the hard limit.
Quantity remaining_of(const Counter& counter);
/// Units beyond allowances so far.
Quantity overage_of(const Counter& counter);

/// Share of `included` that is used, in hundredths of a percent cut down: "25.0", "33.33",
/// "123.45". "0.0" when nothing is included and nothing used, "100.0" when something was.
std::string percentage_text(Quantity used, Quantity included);

}  // namespace turnpike
