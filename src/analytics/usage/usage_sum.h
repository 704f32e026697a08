#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "base/decimal.h"

namespace turnpike {

/// A total of quantities. Over customers and years it passes what one Quantity holds: this takes
/// millions of the largest ones, exactly.
class UsageSum {
public:
    constexpr UsageSum() = default;
    constexpr UsageSum(Quantity quantity) : scaled_(quantity.scaled()) {}
    static constexpr UsageSum from_scaled(Int128 millionths) { return UsageSum(millionths); }
    /// As it is stored: whole units and 0 to 999,999 millionths.
    static constexpr UsageSum from_parts(std::int64_t units, std::int64_t millionths) {
        return UsageSum(Int128{units} * Quantity::kOne + millionths);
    }

    [[nodiscard]] constexpr Int128 scaled() const { return scaled_; }
    [[nodiscard]] std::int64_t units() const;
    [[nodiscard]] std::int64_t millionths() const;
    [[nodiscard]] std::string text() const { return format_scaled(scaled_, Quantity::kScale); }

    friend constexpr UsageSum operator+(UsageSum a, UsageSum b) {
        return UsageSum(a.scaled_ + b.scaled_);
    }
    friend constexpr UsageSum operator-(UsageSum a, UsageSum b) {
        return UsageSum(a.scaled_ - b.scaled_);
    }
    friend constexpr auto operator<=>(UsageSum, UsageSum) = default;

private:
    explicit constexpr UsageSum(Int128 scaled) : scaled_(scaled) {}
    Int128 scaled_ = 0;
};

}  // namespace turnpike
