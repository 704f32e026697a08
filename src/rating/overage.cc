#include "rating/overage.h"

#include <algorithm>

#include "base/check.h"

namespace turnpike {

std::vector<SegmentCoverage> cover(std::span<const UsageSegment> segments) {
    std::vector<SegmentCoverage> parts;
    parts.reserve(segments.size());
    Quantity covered;
    for (const UsageSegment& segment : segments) {
        check(segment.used >= Quantity{}, "usage is not negative");
        check(segment.included >= Quantity{}, "an allowance is not negative");
        const Quantity free = std::max(Quantity{}, segment.included - covered);
        const Quantity taken = std::min(segment.used, free);
        covered = covered + taken;
        parts.push_back({taken, segment.used - taken});
    }
    return parts;
}

Quantity covered_in(std::span<const UsageSegment> segments) {
    Quantity covered;
    for (const SegmentCoverage& part : cover(segments)) covered = covered + part.covered;
    return covered;
}

Int128 overage_cost(std::span<const UsageSegment> segments) {
    const auto parts = cover(segments);
    Int128 cost = 0;
    for (std::size_t i = 0; i < segments.size(); ++i)
        if (segments[i].unit_price)
            cost +=
                static_cast<Int128>(parts[i].overage.scaled()) * segments[i].unit_price->scaled();
    return cost;
}

Result<std::vector<OverageLine>> rate_overage(std::span<const UsageSegment> segments,
                                              Currency currency) {
    const auto parts = cover(segments);
    std::vector<OverageLine> lines;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const auto& price = segments[i].unit_price;
        if (!price || *price == UnitPrice{} || parts[i].overage == Quantity{}) continue;
        const auto amount =
            extend(parts[i].overage, *segments[i].unit_price, currency, Rounding::HalfUp);
        if (!amount) return failure(amount);
        lines.push_back({i, parts[i].overage, *segments[i].unit_price, *amount});
    }
    return lines;
}

}  // namespace turnpike
