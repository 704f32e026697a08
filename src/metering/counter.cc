#include "metering/counter.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace turnpike {
namespace {

std::optional<Quantity> hard_limit_of(Quantity used, Quantity covered, const UsageWindow& window) {
    if (window.overage_unit_price) return std::nullopt;
    return std::min(kMaxQuantity, used + std::max(Quantity{}, window.included - covered));
}

CounterSegment segment_of(Quantity from_used, const UsageWindow& window) {
    return {window.plan_version, from_used, window.included, window.overage_unit_price};
}

}  // namespace

std::string_view text_of(const Contract& contract) {
    return contract ? std::string_view(contract->text()) : std::string_view();
}

UsageWindow window_of(Contract contract, const Period& period, const PlanVersionId& plan_version,
                      const Allowance& allowance) {
    return {std::move(contract),          period, plan_version, allowance.included,
            allowance.overage_unit_price, 0};
}

Counter open_counter(const UsageWindow& window) {
    return {window.contract,
            window.period,
            Quantity{},
            hard_limit_of(Quantity{}, Quantity{}, window),
            {segment_of(Quantity{}, window)}};
}

Counter with_allowance(Counter counter, const UsageWindow& window) {
    counter.hard_limit = hard_limit_of(counter.used, covered_in(rated_segments(counter)), window);
    counter.segments.push_back(segment_of(counter.used, window));
    return counter;
}

Counter under_window(std::optional<Counter> stored, const UsageWindow& window) {
    if (!stored) return open_counter(window);
    if (stored->segments.back().plan_version == window.plan_version) return *std::move(stored);
    return with_allowance(*std::move(stored), window);
}

std::vector<UsageSegment> rated_segments(const Counter& counter) {
    check(!counter.segments.empty(), "a counter has a segment");
    std::vector<UsageSegment> rated;
    rated.reserve(counter.segments.size());
    for (std::size_t i = 0; i < counter.segments.size(); ++i) {
        const CounterSegment& segment = counter.segments[i];
        const bool last = i + 1 == counter.segments.size();
        const Quantity to = last ? counter.used : counter.segments[i + 1].from_used;
        rated.push_back({to - segment.from_used, segment.included, segment.overage_unit_price});
    }
    return rated;
}

std::vector<ClosedPeriod> closed_periods(const std::vector<MeteredPeriod>& counters) {
    std::vector<ClosedPeriod> closed;
    for (const auto& [meter_key, counter] : counters) {
        if (closed.empty() || closed.back().period.start != counter.period.start)
            closed.push_back({counter.period, {}});
        ClosedUsage usage{meter_key, rated_segments(counter), {}};
        for (const CounterSegment& segment : counter.segments)
            usage.plan_versions.push_back(segment.plan_version);
        closed.back().meters.push_back(std::move(usage));
    }
    return closed;
}

Quantity remaining_of(const Counter& counter) {
    if (counter.hard_limit) return *counter.hard_limit - counter.used;
    const Quantity covered = covered_in(rated_segments(counter));
    return std::max(Quantity{}, counter.segments.back().included - covered);
}

Quantity overage_of(const Counter& counter) {
    return counter.used - covered_in(rated_segments(counter));
}

Result<Usage> usage_of(const Counter& counter, Currency currency) {
    auto lines = rate_overage(rated_segments(counter), currency);
    if (!lines) return failure(lines);
    Usage usage{
        .period = counter.period,
        .used = counter.used,
        .included = counter.segments.back().included,
        .remaining = remaining_of(counter),
        .overage = overage_of(counter),
        .hard_limit = counter.hard_limit,
        .overage_allowed = !counter.hard_limit,
        .overage_amount = Money(0, currency),
        .lines = *std::move(lines),
    };
    for (const OverageLine& line : usage.lines)
        usage.overage_amount = usage.overage_amount + line.amount;
    return usage;
}

std::string percentage_text(Quantity used, Quantity included) {
    if (included == Quantity{}) return used == Quantity{} ? "0.0" : "100.0";
    const Int128 share = static_cast<Int128>(used.scaled()) * 10'000;
    const auto hundredths =
        static_cast<std::int64_t>(divide_rounded(share, included.scaled(), Rounding::Down));
    std::string text = format_scaled(hundredths, 2);
    if (!text.contains('.')) text += ".0";
    return text;
}

}  // namespace turnpike
