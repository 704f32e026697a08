#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "metering/counter.h"

namespace turnpike {

/// What is measured.
enum class ThresholdKind : std::uint8_t {
    Usage,  ///< units, against the allowance
    Spend,  ///< what overage costs, against its cap
};
std::string_view to_text(ThresholdKind kind);  ///< "usage"
std::optional<ThresholdKind> parse_threshold_kind(std::string_view text);

inline constexpr std::array kThresholdPercents{50, 80, 100};

/// A percentage that a counter has reached. Amounts are exact decimals: of units, or of money in
/// major currency units, not rounded.
struct Threshold {
    ThresholdKind kind = ThresholdKind::Usage;
    int percent = 0;
    std::string full_amount;  ///< which is 100 percent
    std::string reached_amount;
    friend bool operator==(const Threshold&, const Threshold&) = default;
};

/// All percentages that the counter has reached, under the allowance in force now, in rising order,
/// first those of usage. Usage is measured against the hard limit where the allowance is blocked at
/// its end, and against what is included where it goes on. Nothing is reached of 0.
///
/// A cap is reached when the money is spent, or with the last whole unit that it pays for, as the
/// hard limit says it: whole units end there, and leave money that pays for a part of one. A cap
/// that pays for no whole unit is reached at the hard limit.
std::vector<Threshold> thresholds_reached(const Counter& counter);

/// In which each of a counter's thresholds is raised once: its own window. One that can fall and
/// has no end (rolling windows, the last value of a lifetime) would raise each of them once for
/// ever, or at every crossing: there it is the day (UTC) of the latest event.
Period alert_window(const Counter& counter);

}  // namespace turnpike
