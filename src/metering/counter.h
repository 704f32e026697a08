#pragma once

#include <cstdint>
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
#include "rating/overage.h"

namespace turnpike {

/// What usage counts against: a subscription, or the default plan when there is none. Two contracts
/// never share a counter, even when their periods begin at the same time.
using Contract = std::optional<SubscriptionId>;
/// As it is stored: the subscription's id, or "" for the default plan. Lives as long as `contract`.
std::string_view text_of(const Contract& contract);

/// Where usage goes: one period of one customer and meter, and the allowance in force now.
struct UsageWindow {
    Contract contract;
    Period period;
    PlanVersionId plan_version;
    Quantity included;
    std::optional<UnitPrice> overage_unit_price;  ///< absent: usage stops at the allowance
    /// Of the contract when this window was looked up: of two windows of one contract, the one with
    /// the larger revision is the newer. The default plan changes only while nobody counts: 0.
    std::int64_t revision = 0;
};
UsageWindow window_of(Contract contract, const Period& period, const PlanVersionId& plan_version,
                      const Allowance& allowance);

/// From which count on an allowance was in force.
struct CounterSegment {
    PlanVersionId plan_version;
    Quantity from_used;
    Quantity included;
    std::optional<UnitPrice> overage_unit_price;
};

/// How much of a meter one customer used in one period of one contract. At least one segment; the
/// first one starts at zero, none starts beyond `used`.
struct Counter {
    Contract contract;
    Period period;
    Quantity used;
    /// Absolute for the whole period; absent where overage is billed. used <= hard_limit always.
    std::optional<Quantity> hard_limit;
    std::vector<CounterSegment> segments;
};

/// What the first usage in a window creates.
Counter open_counter(const UsageWindow& window);

/// The same usage under a new allowance from now on. Where the new plan stops at its allowance, the
/// hard limit becomes used + what is left of it.
Counter with_allowance(Counter counter, const UsageWindow& window);

/// What the next usage in this window will find: a fresh counter, the stored one, or the stored one
/// under a new allowance.
Counter under_window(std::optional<Counter> stored, const UsageWindow& window);

/// The counter's segments as rating takes them.
std::vector<UsageSegment> rated_segments(const Counter& counter);

/// A counter and what it counts.
struct MeteredPeriod {
    std::string meter_key;
    Counter counter;
};

/// What a finished period is charged for: rate_overage(segments) gives the lines.
struct ClosedUsage {
    std::string meter_key;
    std::vector<UsageSegment> segments;
    std::vector<PlanVersionId> plan_versions;  ///< one per segment
};
struct ClosedPeriod {
    Period period;
    std::vector<ClosedUsage> meters;  ///< at least one
};
/// \param counters  of one contract, by period
std::vector<ClosedPeriod> closed_periods(const std::vector<MeteredPeriod>& counters);

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

/// Units that are left: of the hard limit where there is one, of the allowance otherwise.
Quantity remaining_of(const Counter& counter);
/// Units beyond allowances so far.
Quantity overage_of(const Counter& counter);

/// Share of `included` that is used, in hundredths of a percent cut down: "25.0", "33.33",
/// "123.45". "0.0" when nothing is included and nothing used, "100.0" when something was.
std::string percentage_text(Quantity used, Quantity included);

}  // namespace turnpike
