#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace turnpike {

// Only a typedef may say __extension__, and -Wpedantic asks for it.
__extension__ typedef __int128 Int128;

/// How a product is cut to the precision of its result. Named at every call, never implied.
enum class Rounding : std::uint8_t {
    HalfUp,    ///< ties away from zero
    HalfEven,  ///< ties to the even neighbour; for displayed averages
    Down,      ///< toward zero
};

/// Divides with the named rounding. `divisor` must be positive.
Int128 divide_rounded(Int128 dividend, Int128 divisor, Rounding rounding);

/// Parses [-]digits[.digits] into an integer scaled by 10^scale. No exponent, no '+', no spaces, no
/// more fraction digits than `scale`. nullopt when malformed or outside int64.
std::optional<std::int64_t> parse_scaled(std::string_view text, int scale);

/// The shortest text that parses back, of any number: "0.03", "12345", "-1.5".
std::string format_scaled(Int128 scaled, int scale);

/// An exact decimal with `Scale` fraction digits in an int64. Range +-9.2 * 10^(18-Scale).
/// Values are bounded where they enter (kMaxQuantity, parse), so that a sum of a few stays inside.
template <int Scale>
class Decimal {
public:
    static constexpr int kScale = Scale;
    static constexpr std::int64_t kOne = [] {
        std::int64_t one = 1;
        for (int i = 0; i < Scale; ++i) one *= 10;
        return one;
    }();

    constexpr Decimal() = default;
    static constexpr Decimal from_scaled(std::int64_t scaled) { return Decimal(scaled); }
    static constexpr Decimal whole(std::int64_t units) { return Decimal(units * kOne); }
    static std::optional<Decimal> parse(std::string_view text) {
        const auto scaled = parse_scaled(text, Scale);
        if (!scaled) return std::nullopt;
        return Decimal(*scaled);
    }

    [[nodiscard]] constexpr std::int64_t scaled() const { return scaled_; }
    [[nodiscard]] std::string text() const { return format_scaled(scaled_, Scale); }

    friend constexpr auto operator<=>(Decimal, Decimal) = default;
    friend constexpr Decimal operator+(Decimal a, Decimal b) {
        return Decimal(a.scaled_ + b.scaled_);
    }
    friend constexpr Decimal operator-(Decimal a, Decimal b) {
        return Decimal(a.scaled_ - b.scaled_);
    }

private:
    explicit constexpr Decimal(std::int64_t scaled) : scaled_(scaled) {}
    std::int64_t scaled_ = 0;
};

/// A measured amount in a meter's unit. At most kMaxQuantity per event and per counter.
using Quantity = Decimal<6>;
/// A price for one unit, in major currency units ("0.02" is two cents).
using UnitPrice = Decimal<9>;

/// Large enough for any real counter, small enough that sums of two cannot overflow.
inline constexpr Quantity kMaxQuantity = Quantity::whole(1'000'000'000'000);

}  // namespace turnpike
