#include "analytics/usage/usage_threshold.h"

#include <chrono>

#include "base/decimal.h"
#include "rating/overage.h"

namespace turnpike {
namespace {

constexpr int kWhole = 100;

/// Both in the same scale.
struct Measure {
    ThresholdKind kind;
    Int128 full, reached;
    int digits;
    bool is_exhausted;  ///< nothing more is let in
};

void add_reached(std::vector<Threshold>& thresholds, const Measure& measure) {
    if (measure.full <= 0) return;
    for (const int percent : kThresholdPercents) {
        // full x percent is below 10^31; reached x 100 might pass 128 bits.
        const Int128 wanted = (measure.full * percent + kWhole - 1) / kWhole;
        if (measure.reached < wanted && !measure.is_exhausted) break;
        thresholds.push_back({measure.kind, percent, format_scaled(measure.full, measure.digits),
                              format_scaled(measure.reached, measure.digits)});
    }
}

/// Whether a spend cap lets nothing more in or, of whole units, none, and has let one in.
bool is_spent(const Counter& counter) {
    if (!counter.hard_limit) return false;
    if (counter.used >= *counter.hard_limit) return true;
    const auto last = Quantity::whole(counter.hard_limit->scaled() / Quantity::kOne);
    const Quantity beyond = counter.used - last;
    return beyond >= Quantity{} && overage_of(counter) > beyond;
}

}  // namespace

std::string_view to_text(ThresholdKind kind) {
    return kind == ThresholdKind::Usage ? "usage" : "spend";
}

std::optional<ThresholdKind> parse_threshold_kind(std::string_view text) {
    for (const auto kind : {ThresholdKind::Usage, ThresholdKind::Spend})
        if (text == to_text(kind)) return kind;
    return std::nullopt;
}

std::vector<Threshold> thresholds_reached(const Counter& counter) {
    const CounterSegment& allowance = counter.segments.back();
    const bool goes_on = allowance.overage_unit_price.has_value();
    const Quantity full = goes_on ? allowance.included : counter.hard_limit.value_or(Quantity{});
    std::vector<Threshold> thresholds;
    add_reached(thresholds, {ThresholdKind::Usage, full.scaled(), counter.used.scaled(),
                             Quantity::kScale, false});
    const bool is_capped =
        goes_on && *allowance.overage_unit_price > UnitPrice{} && allowance.overage_cap.has_value();
    if (!is_capped) return thresholds;
    const Int128 cap = static_cast<Int128>(allowance.overage_cap->scaled()) * Quantity::kOne;
    add_reached(thresholds, {ThresholdKind::Spend, cap, overage_cost(rated_segments(counter)),
                             kCostDigits, is_spent(counter)});
    return thresholds;
}

Period alert_window(const Counter& counter) {
    const bool has_end =
        counter.reset.kind != Reset::Kind::Rolling && counter.reset.kind != Reset::Kind::Lifetime;
    if (has_end || !can_fall(rule_of(counter)) || !counter.trail.last_at) return counter.period;
    const auto day = std::chrono::floor<std::chrono::days>(*counter.trail.last_at);
    return {Instant(day), Instant(day + std::chrono::days(1))};
}

}  // namespace turnpike
