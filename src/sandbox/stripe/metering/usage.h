#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/time.h"

/// What meters count: values of events, and how many of them become one number. Pure.
namespace turnpike::twin {

/// Values are exact: integers in 10^-kUsageDigits.
inline constexpr int kUsageDigits = 12;
inline constexpr Int128 kOneUnit = 1'000'000'000'000;

enum class ValueProblem : std::uint8_t {
    NotANumber,     ///< no decimal, or more than twelve places
    TooManyDigits,  ///< more than 15
};
/// "-12.5" -> -12500000000000. Usage may be negative: a correction.
std::expected<Int128, ValueProblem> parse_usage(std::string_view text);
/// "12.5"
std::string usage_text(Int128 usage);

enum class Formula : std::uint8_t { Count, Last, Sum };
/// "count", "last" or "sum"; nullopt otherwise.
std::optional<Formula> parse_formula(std::string_view text);

/// The hours or days, in UTC, for which a seller has added events up already.
enum class UsageWindow : std::uint8_t { Hour, Day };
std::optional<UsageWindow> parse_usage_window(std::string_view text);
/// The beginning of the window that `moment` is in.
Instant window_start(UsageWindow window, Instant moment);
Duration length_of(UsageWindow window);

struct UsageEvent {
    Instant happened_at;
    Int128 value = 0;
};

/// How a meter makes one number of its events.
struct Aggregation {
    Formula formula = Formula::Sum;
    /// Of several events in one of these windows only the one received last counts.
    std::optional<UsageWindow> event_window;
};

/// One customer's usage. `events` in the order in which they were received. Of the last ones at the
/// same moment, the one received last. 0 without events.
Int128 aggregate(const Aggregation& aggregation, std::span<const UsageEvent> events);

}  // namespace turnpike::twin
