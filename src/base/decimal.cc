#include "base/decimal.h"

#include <algorithm>

#include "base/check.h"

namespace turnpike {
namespace {

/// Of its magnitude.
std::string digits_of(Int128 number) {
    constexpr std::int64_t kTenTo18 = 1'000'000'000'000'000'000;
    constexpr std::size_t kDigits = 18;
    if (number >= std::numeric_limits<std::int64_t>::min() &&
        number <= std::numeric_limits<std::int64_t>::max()) {
        // Modulo 2^64, so that the least number has a magnitude too.
        const auto bits = static_cast<std::uint64_t>(number);
        return std::to_string(number < 0 ? 0 - bits : bits);
    }
    const auto low = static_cast<std::int64_t>(number % kTenTo18);
    const std::string tail = std::to_string(low < 0 ? -low : low);
    return digits_of(number / kTenTo18).append(kDigits - tail.size(), '0') + tail;
}

}  // namespace

Int128 divide_rounded(Int128 dividend, Int128 divisor, Rounding rounding) {
    check(divisor > 0, "the divisor is positive");
    const Int128 quotient = dividend / divisor;
    const Int128 remainder = dividend % divisor;
    const Int128 twice = (remainder < 0 ? -remainder : remainder) * 2;
    const Int128 away = dividend < 0 ? -1 : 1;
    switch (rounding) {
        case Rounding::Down: return quotient;
        case Rounding::HalfUp: return twice >= divisor ? quotient + away : quotient;
        case Rounding::HalfEven:
            if (twice == divisor) return quotient % 2 == 0 ? quotient : quotient + away;
            return twice > divisor ? quotient + away : quotient;
    }
    check(false, "every rounding is handled");
    return 0;
}

std::optional<std::int64_t> parse_scaled(std::string_view text, int scale) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const auto dot = text.find('.');
    const auto whole = text.substr(0, dot);
    const auto fraction = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
    if (whole.empty() || whole.size() > 19) return std::nullopt;
    if (dot != std::string_view::npos && fraction.empty()) return std::nullopt;
    if (fraction.size() > static_cast<std::size_t>(scale)) return std::nullopt;

    Int128 value = 0;
    const auto push = [&value](char digit) {
        if (digit < '0' || digit > '9') return false;
        value = value * 10 + (digit - '0');
        return true;
    };
    for (const char digit : whole)
        if (!push(digit)) return std::nullopt;
    for (const char digit : fraction)
        if (!push(digit)) return std::nullopt;
    for (auto i = fraction.size(); i < static_cast<std::size_t>(scale); ++i) value *= 10;
    if (negative) value = -value;
    if (value > std::numeric_limits<std::int64_t>::max() ||
        value < std::numeric_limits<std::int64_t>::min())
        return std::nullopt;
    return static_cast<std::int64_t>(value);
}

std::string format_scaled(Int128 scaled, int scale) {
    std::string text = digits_of(scaled);
    const auto places = static_cast<std::size_t>(scale);
    if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
    const std::size_t point = text.size() - places;
    while (text.size() > point && text.back() == '0') text.pop_back();
    if (text.size() > point) text.insert(point, 1, '.');
    if (scaled < 0) text.insert(0, 1, '-');
    return text;
}

}  // namespace turnpike
