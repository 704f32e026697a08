#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/wire/params.h"

/// How a price makes an amount of a quantity: per unit, by packages, or by tiers; and the same in
/// further currencies.
namespace turnpike::twin {

/// What prices and plans call the same parameters.
struct SchemeNames {
    std::string_view amount = "unit_amount";
    std::string_view decimal = "unit_amount_decimal";
    std::string_view transform = "transform_quantity";
};
/// Reads billing_scheme, the amount, tiers[] with tiers_mode, and transform_quantity into `price`,
/// whose currency is known.
void read_scheme(Params& params, Json& price, SchemeNames names = {});

/// One of the two into both members of `price`, whose currency is known. Complains when both or
/// none are given, and about amounts that no price can have.
void read_unit_amount(Params& params, Json& price, SchemeNames names = {});
/// Writes both members. `decimal` is [-]digits[.digits] of less than 10^18.
void write_unit_amount(Json& price, const std::string& decimal);

/// Reads currency_options into price["currency_options"]: merges into what is there.
void read_currency_options(Params& params, Json& price);
/// The options with the price's own currency among them, as Stripe shows them.
Json all_currency_options(Context& ctx, const Json& price);
/// The price in this currency: itself, or its amounts replaced by that option's. nullopt: none.
std::optional<Json> price_in(const Json& price, const std::string& currency);

}  // namespace turnpike::twin
