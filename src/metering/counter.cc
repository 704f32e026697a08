#include "metering/counter.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "metering/same_terms.h"

namespace turnpike {
namespace {

/// Units of overage that the segment's cap still pays for; nullopt: any number.
/// \param spent  as overage_cost() says it
std::optional<Quantity> affordable(const CounterSegment& segment, Int128 spent) {
    if (!segment.overage_unit_price) return Quantity{};
    const std::int64_t price = segment.overage_unit_price->scaled();
    if (!segment.overage_cap || price == 0) return std::nullopt;
    const Int128 left = static_cast<Int128>(segment.overage_cap->scaled()) * Quantity::kOne - spent;
    const Int128 units = std::max<Int128>(left, 0) / price;
    return Quantity::from_scaled(
        static_cast<std::int64_t>(std::min<Int128>(units, kMaxQuantity.scaled())));
}

/// \param segments  of the usage before, which counts against allowance and cap
std::optional<Quantity> hard_limit_of(Quantity used, const std::vector<UsageSegment>& segments,
                                      const CounterSegment& newest) {
    const auto overage = affordable(newest, overage_cost(segments));
    if (!overage) return std::nullopt;
    const Quantity left = std::max(Quantity{}, newest.included - covered_in(segments));
    return std::min(kMaxQuantity, used + left + *overage);
}

CounterSegment segment_of(Quantity from_used, const UsageWindow& window) {
    return {window.plan_version,       from_used,          window.included,
            window.overage_unit_price, window.overage_cap, window.override_number};
}

}  // namespace

std::string_view text_of(const Contract& contract) {
    return contract ? std::string_view(contract->text()) : std::string_view();
}

UsageWindow window_of(Contract contract, const Period& period, const PlanVersionId& plan_version,
                      Meter::Aggregation aggregation, const Allowance& allowance) {
    UsageWindow window{.contract = std::move(contract),
                       .meter_key = allowance.meter_key,
                       .aggregation = aggregation,
                       .reset = allowance.reset,
                       .period = period,
                       .plan_version = plan_version,
                       .included = allowance.included,
                       .overage_unit_price = allowance.overage_unit_price,
                       .overage_cap = allowance.overage_cap,
                       .override_number = allowance.override_number};
    if (allowance.overage == OveragePolicy::Allow) window.overage_unit_price = UnitPrice{};
    return window;
}

bool is_under(const CounterSegment& segment, const UsageWindow& window) {
    return are_same_terms(segment, window);
}

CountRule rule_of(const Counter& counter) { return {counter.aggregation, counter.reset}; }

Counter open_counter(const UsageWindow& window) {
    return {.contract = window.contract,
            .meter_key = window.meter_key,
            .aggregation = window.aggregation,
            .reset = window.reset,
            .period = window.period,
            .used = {},
            .hard_limit = hard_limit_of({}, {}, segment_of({}, window)),
            .segments = {segment_of({}, window)},
            .trail = {}};
}

Counter with_allowance(Counter counter, const UsageWindow& window) {
    if (can_fall(rule_of(counter))) {
        counter.segments = {segment_of({}, window)};
        counter.hard_limit = hard_limit_of({}, {}, counter.segments.back());
        return counter;
    }
    counter.segments.push_back(segment_of(counter.used, window));
    settle_limit(counter);
    return counter;
}

Quantity end_of_segment(const Counter& counter, std::size_t number) {
    const bool is_last = number + 1 == counter.segments.size();
    return is_last ? counter.used : counter.segments[number + 1].from_used;
}

std::optional<Quantity> hard_limit_under(const Counter& counter, std::size_t number) {
    const CounterSegment& segment = counter.segments.at(number);
    auto before = rated_segments(counter);
    before.resize(number);
    return hard_limit_of(segment.from_used, before, segment);
}

void settle_limit(Counter& counter) {
    if (can_fall(rule_of(counter))) return;
    counter.hard_limit = hard_limit_under(counter, counter.segments.size() - 1);
    if (counter.hard_limit)
        counter.hard_limit = std::max(*counter.hard_limit, counter.used + counter.held);
}

Counter under_window(std::optional<Counter> stored, const UsageWindow& window) {
    if (!stored) return open_counter(window);
    if (window.revision == kPastRevision || is_under(stored->segments.back(), window))
        return *std::move(stored);
    return with_allowance(*std::move(stored), window);
}

bool count_into(Counter& counter, Quantity value, Instant time) {
    const CountRule rule = rule_of(counter);
    const Quantity before = used_at(rule, counter.used, counter.trail, time);
    const Quantity after = used_after(rule, counter.used, counter.trail, value, time);
    if (!is_within(before + counter.held, after + counter.held, counter.hard_limit)) return false;
    counter.used = count_value(rule, counter.used, counter.trail, value, time);
    return true;
}

Counter as_of(Counter counter, Instant moment) {
    counter.used = forget_until(rule_of(counter), counter.used, counter.trail, moment);
    return counter;
}

std::vector<UsageSegment> rated_segments(const Counter& counter) {
    check(!counter.segments.empty(), "a counter has a segment");
    std::vector<UsageSegment> rated;
    rated.reserve(counter.segments.size());
    for (std::size_t i = 0; i < counter.segments.size(); ++i) {
        const CounterSegment& segment = counter.segments[i];
        rated.push_back({end_of_segment(counter, i) - segment.from_used, segment.included,
                         segment.overage_unit_price});
    }
    return rated;
}

std::vector<UsedPeriod> periods_of(const std::vector<Counter>& counters) {
    std::vector<UsedPeriod> periods;
    for (const Counter& counter : counters) {
        if (periods.empty() || periods.back().period.start != counter.period.start)
            periods.push_back({counter.period, {}});
        UsedMeter usage{counter.meter_key, counter.aggregation, rated_segments(counter), {}};
        for (const CounterSegment& segment : counter.segments)
            usage.plan_versions.push_back(segment.plan_version);
        periods.back().meters.push_back(std::move(usage));
    }
    return periods;
}

Quantity remaining_of(const Counter& counter) {
    const bool has_overage = counter.segments.back().overage_unit_price.has_value();
    if (counter.hard_limit && !has_overage)
        return std::max(Quantity{}, *counter.hard_limit - counter.used - counter.held);
    const Quantity covered = covered_in(rated_segments(counter));
    return std::max(Quantity{}, counter.segments.back().included - covered - counter.held);
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
        .overage_allowed = counter.segments.back().overage_unit_price.has_value(),
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
