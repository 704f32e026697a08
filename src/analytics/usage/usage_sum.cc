#include "analytics/usage/usage_sum.h"

#include <algorithm>

namespace turnpike {

std::string decimal_text(Int128 scaled, int digits) {
    const bool is_negative = scaled < 0;
    Int128 rest = is_negative ? -scaled : scaled;
    std::string text;  // backwards
    const auto fraction = static_cast<std::size_t>(digits);
    for (std::size_t i = 0; rest > 0 || i <= fraction; ++i, rest /= 10) {
        const auto digit = static_cast<char>('0' + static_cast<int>(rest % 10));
        const bool is_fraction = i < fraction;
        // Zeros at the end of the fraction say nothing.
        if (is_fraction && text.empty() && digit == '0') continue;
        if (i == fraction && !text.empty()) text += '.';
        text += digit;
    }
    if (is_negative) text += '-';
    std::ranges::reverse(text);
    return text;
}

std::int64_t UsageSum::units() const {
    return static_cast<std::int64_t>((scaled_ - millionths()) / Quantity::kOne);
}

std::int64_t UsageSum::millionths() const {
    const auto rest = static_cast<std::int64_t>(scaled_ % Quantity::kOne);
    return rest < 0 ? rest + Quantity::kOne : rest;
}

}  // namespace turnpike
