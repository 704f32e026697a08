#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "json/json.h"
#include "sandbox/stripe/wire/stripe_error.h"

/// Stripe's amounts hold at most eight digits of the smallest unit: one price, one charge, one
/// invoice. All arithmetic with what a client sent goes through here.
namespace turnpike::twin {

inline constexpr std::int64_t kAmountMax = 99'999'999;

/// No amount, of either sign, is larger than kAmountMax.
bool fits_amount(std::int64_t amount);
/// 400 amount_too_large "Amount must be no more than $999,999.99".
Refusal amount_too_large(const std::string& param, const std::string& currency);

/// Why Stripe does not charge this amount: too small or too large for its currency, or with a
/// fraction that the currency does not have.
std::optional<Refusal> charge_amount_problem(std::int64_t amount, const std::string& currency,
                                             const std::string& param);
/// The last of these alone: for a part of a charge.
std::optional<Refusal> fraction_problem(std::int64_t amount, const std::string& currency,
                                        const std::string& param);

/// Whether `text` is an amount per unit: [-]digits[.digits], at most twelve decimals of the
/// smallest unit, and no more than kAmountMax.
bool is_unit_amount(const std::string& text);

/// unit price x quantity in minor units, rounded once. Reads unit_amount, or unit_amount_decimal.
/// A product that no amount can hold is cut off at Money::kMaxMinor, which no check lets pass, and
/// of which a thousand can be added up.
std::int64_t total_of(const Json& price, std::int64_t quantity);

}  // namespace turnpike::twin
