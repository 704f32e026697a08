#include "sandbox/stripe/amounts.h"

#include <algorithm>

#include "base/decimal.h"
#include "base/money.h"
#include "json/value.h"
#include "sandbox/stripe/billing_document.h"

namespace turnpike::twin {
namespace {

constexpr int kScale = 12;
constexpr std::int64_t kOne = 1'000'000'000'000;

/// The amount per unit in 10^-12 of the smallest unit. nullopt when malformed or too large.
std::optional<Int128> scaled_unit(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const auto dot = std::min(text.find('.'), text.size());
    const auto whole = parse_scaled(text.substr(0, dot), 0);
    // As "0.xyz", so that the whole part takes no digits from the places.
    const auto places = parse_scaled("0" + std::string(text.substr(dot)), kScale);
    if (!whole || !places || *whole < 0 || *whole > kAmountMax) return std::nullopt;
    const Int128 scaled = static_cast<Int128>(*whole) * kOne + *places;
    if (scaled > static_cast<Int128>(kAmountMax) * kOne) return std::nullopt;
    return negative ? -scaled : scaled;
}

}  // namespace

bool fits_amount(std::int64_t amount) { return -kAmountMax <= amount && amount <= kAmountMax; }

Refusal amount_too_large(const std::string& param, const std::string& currency) {
    return bad_param(param, "amount_too_large",
                     "Amount must be no more than " +
                         format_amount(kAmountMax, currency.empty() ? "usd" : currency));
}

bool is_unit_amount(const std::string& text) { return scaled_unit(text).has_value(); }

std::int64_t total_of(const Json& price, std::int64_t quantity) {
    const Json& whole = part_of(price, "unit_amount");
    const Int128 unit = whole.is_number_integer()
                            ? static_cast<Int128>(whole.get<std::int64_t>()) * kOne
                            : scaled_unit(text_of(price, "unit_amount_decimal")).value_or(0);
    constexpr Int128 kMost = Money::kMaxMinor;
    Int128 product = 0;
    if (__builtin_mul_overflow(unit, static_cast<Int128>(quantity), &product))
        return static_cast<std::int64_t>((unit < 0) == (quantity < 0) ? kMost : -kMost);
    const Int128 total = divide_rounded(product, kOne, Rounding::HalfUp);
    return static_cast<std::int64_t>(std::clamp(total, -kMost, kMost));
}

}  // namespace turnpike::twin
