#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sandbox/stripe/context.h"

namespace turnpike::twin {

/// Reads the parameters that prices[] and default_price_data share, stores the price of `product`,
/// and emits price.created.
Outcome<Json> create_price_of(Context& ctx, Params& params, const std::string& product);

/// A new price without currency, amount, product or interval: not stored yet.
Json blank_price(Context& ctx);

/// The parameters of an amount: a plan has other names for them.
struct AmountNames {
    std::string_view whole = "unit_amount";
    std::string_view decimal = "unit_amount_decimal";
};
/// One of the two into both members of `price`, whose currency is known. Complains when both or
/// none are given, and about amounts that no price can have.
void read_unit_amount(Params& params, Json& price, AmountNames names = {});
/// Writes both members. `decimal` is [-]digits[.digits] of less than 10^18.
void write_unit_amount(Json& price, const std::string& decimal);
/// The members of recurring[], as a price's document holds them.
Json read_recurring(Params& params);
/// Stripe's refusal where `price`, given as `param`, is not in `expected` (a lower-case code).
/// nullopt when it is.
std::optional<StripeError> check_price_currency(const Json& price, const std::string& expected,
                                                const std::string& param);
/// A price for a single charge, given as `param`. Errors: 400 when it does not exist or recurs.
Outcome<Json> require_one_time_price(Context& ctx, const std::string& id, const std::string& param);

std::span<const OperationRoute> price_routes();

}  // namespace turnpike::twin
