#include "sandbox/stripe/metering/usage.h"

#include <algorithm>
#include <cstddef>
#include <map>

namespace turnpike::twin {
namespace {

constexpr std::size_t kUsageDigitsMax = 15;

bool only_digits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// The last one received of each window.
std::vector<UsageEvent> last_of_windows(UsageWindow window, std::span<const UsageEvent> events) {
    std::map<Instant, UsageEvent> last;
    for (const auto& event : events) last[window_start(window, event.happened_at)] = event;
    std::vector<UsageEvent> kept;
    kept.reserve(last.size());
    for (const auto& [start, event] : last) kept.push_back(event);
    return kept;
}

Int128 apply_formula(Formula formula, std::span<const UsageEvent> events) {
    if (formula == Formula::Count) return static_cast<Int128>(events.size()) * kOneUnit;
    Int128 sum = 0;
    const UsageEvent* last = nullptr;
    for (const auto& event : events) {
        sum += event.value;
        if (last == nullptr || event.happened_at >= last->happened_at) last = &event;
    }
    if (formula == Formula::Sum) return sum;
    return last == nullptr ? 0 : last->value;
}

}  // namespace

std::expected<Int128, ValueProblem> parse_usage(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const auto dot = text.find('.');
    const std::string_view whole = text.substr(0, dot);
    const std::string_view places = dot == std::string_view::npos ? "" : text.substr(dot + 1);
    const bool places_ok = dot == std::string_view::npos || !places.empty();
    if (whole.empty() || !places_ok || !only_digits(whole) || !only_digits(places) ||
        places.size() > kUsageDigits)
        return std::unexpected(ValueProblem::NotANumber);
    if (whole.size() + places.size() > kUsageDigitsMax)
        return std::unexpected(ValueProblem::TooManyDigits);

    Int128 value = 0;
    for (const char c : whole) value = value * 10 + (c - '0');
    for (std::size_t i = 0; i < kUsageDigits; ++i)
        value = value * 10 + (i < places.size() ? places[i] - '0' : 0);
    return negative ? -value : value;
}

std::string usage_text(Int128 usage) { return format_scaled(usage, kUsageDigits); }

std::optional<Formula> parse_formula(std::string_view text) {
    if (text == "count") return Formula::Count;
    if (text == "last") return Formula::Last;
    if (text == "sum") return Formula::Sum;
    return std::nullopt;
}

std::optional<UsageWindow> parse_usage_window(std::string_view text) {
    if (text == "hour") return UsageWindow::Hour;
    if (text == "day") return UsageWindow::Day;
    return std::nullopt;
}

Instant window_start(UsageWindow window, Instant moment) {
    if (window == UsageWindow::Hour) return std::chrono::floor<std::chrono::hours>(moment);
    return std::chrono::floor<std::chrono::days>(moment);
}

Duration length_of(UsageWindow window) {
    if (window == UsageWindow::Hour) return std::chrono::hours(1);
    return std::chrono::days(1);
}

Int128 aggregate(const Aggregation& aggregation, std::span<const UsageEvent> events) {
    if (!aggregation.event_window) return apply_formula(aggregation.formula, events);
    return apply_formula(aggregation.formula, last_of_windows(*aggregation.event_window, events));
}

}  // namespace turnpike::twin
