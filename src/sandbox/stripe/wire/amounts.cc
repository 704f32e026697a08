#include "sandbox/stripe/wire/amounts.h"

#include <algorithm>
#include <string_view>

#include "base/decimal.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/price_amount.h"

namespace turnpike::twin {
namespace {

constexpr int kUnitAmountPlaces = 12;

}  // namespace

std::optional<Int128> scaled_unit_amount(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    const auto dot = std::min(text.find('.'), text.size());
    const auto whole = parse_scaled(text.substr(0, dot), 0);
    // As "0.xyz", so that the whole part takes no digits from the places.
    const auto places = parse_scaled("0" + std::string(text.substr(dot)), kUnitAmountPlaces);
    if (!whole || !places || *whole < 0 || *whole > kAmountMax) return std::nullopt;
    const Int128 scaled = static_cast<Int128>(*whole) * kUnitAmountOne + *places;
    if (scaled > static_cast<Int128>(kAmountMax) * kUnitAmountOne) return std::nullopt;
    return negative ? -scaled : scaled;
}

bool fits_amount(std::int64_t amount) { return -kAmountMax <= amount && amount <= kAmountMax; }

Refusal amount_too_large(const std::string& param, const std::string& currency) {
    return bad_param(param, "amount_too_large",
                     "Amount must be no more than " +
                         format_amount(kAmountMax, currency.empty() ? "usd" : currency));
}

std::optional<Refusal> charge_amount_problem(std::int64_t amount, const std::string& currency,
                                             const std::string& param) {
    if (amount > kAmountMax) return amount_too_large(param, currency);
    if (amount < minimum_charge(currency))
        return bad_param(
            param, amount < 1 ? "parameter_invalid_integer" : "amount_too_small",
            "The amount must be greater than or equal to the minimum charge amount allowed for "
            "your account and the currency set "
            "(https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).  If you want "
            "to save a Payment Method for future use without an immediate payment, use a Setup "
            "Intent instead: https://docs.stripe.com/payments/setup-intents");
    return fraction_problem(amount, currency, param);
}

std::optional<Refusal> fraction_problem(std::int64_t amount, const std::string& currency,
                                        const std::string& param) {
    const auto step = charge_step(currency);
    if (amount % step == 0) return std::nullopt;
    return bad_param(param, "invalid_charge_amount",
                     "Invalid amount: " + std::to_string(amount) + ". An amount in " + currency +
                         " must be divisible by " + std::to_string(step) +
                         " (https://docs.stripe.com/currencies).");
}

bool is_unit_amount(const std::string& text) { return scaled_unit_amount(text).has_value(); }

}  // namespace turnpike::twin
