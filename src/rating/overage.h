#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "base/decimal.h"
#include "base/error.h"
#include "base/money.h"

namespace turnpike {

/// A stretch of one period that was used under one allowance. Segments follow one another without
/// gaps; a change of plan in the middle of a period starts the next one.
struct UsageSegment {
    Quantity used;                        ///< in this segment alone; not negative
    Quantity included;                    ///< the allowance for the whole period; not negative
    std::optional<UnitPrice> unit_price;  ///< absent: usage beyond the allowance is never charged
};

/// One charge for usage beyond an allowance.
struct OverageLine {
    std::size_t segment = 0;  ///< index of the segment it comes from
    Quantity quantity;        ///< positive
    UnitPrice unit_price;
    Money amount{0, Currency::Usd};  ///< quantity x unit_price, rounded once, half up
    friend bool operator==(const OverageLine&, const OverageLine&) = default;
};

/// How the units of one segment divide.
struct SegmentCoverage {
    Quantity covered;  ///< by the allowance
    Quantity overage;  ///< beyond it, priced or not
    friend bool operator==(const SegmentCoverage&, const SegmentCoverage&) = default;
};

/// Walks the segments in order. An allowance gives what it includes less what allowances have
/// covered so far, so that a change of plan never reprices earlier usage, and units already charged
/// as overage do not eat the new allowance:
///
///     free    = max(0, included - covered so far)
///     covered = min(used, free)
///     overage = used - covered
std::vector<SegmentCoverage> cover(std::span<const UsageSegment> segments);

/// Units covered by allowances over all segments.
Quantity covered_in(std::span<const UsageSegment> segments);

/// What units beyond allowances cost at the prices of their segments, neither rounded nor cut:
/// scaled by 10^kCostDigits in major currency units.
Int128 overage_cost(std::span<const UsageSegment> segments);
inline constexpr int kCostDigits = Quantity::kScale + UnitPrice::kScale;

/// The charges for a period: one line per segment with overage that has a price and not 0, in
/// segment order.
///
/// Errors: InvalidArgument "money.out_of_range" when a line passes Money::kMaxMinor.
/// Pure: the same segments give the same lines, so rating a closed period again is an audit.
Result<std::vector<OverageLine>> rate_overage(std::span<const UsageSegment> segments,
                                              Currency currency);

}  // namespace turnpike
