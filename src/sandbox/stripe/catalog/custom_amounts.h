#pragma once

#include <optional>
#include <string>

#include "json/json.h"
#include "sandbox/stripe/wire/params.h"
#include "sandbox/stripe/wire/stripe_error.h"

/// custom_unit_amount: prices whose amount the payer chooses, at Checkout and nowhere else.
namespace turnpike::twin {

bool has_custom_amount(const Json& price);

/// Reads custom_unit_amount of a new price, whose currency is known, in place of everything that
/// says what the price costs.
void read_custom_amount(Params& params, Json& price);

/// What the payer may choose: at least what can be charged at all.
struct AmountRange {
    std::int64_t least = 0;
    std::int64_t most = 0;
};
AmountRange custom_range(const Json& price);
/// What is suggested; 0: nothing.
std::int64_t custom_preset(const Json& price);

/// 400 naming `param`, where a price needs an amount of its own; nullopt if it has one.
std::optional<StripeError> custom_amount_problem(const Json& price, const std::string& param);

}  // namespace turnpike::twin
