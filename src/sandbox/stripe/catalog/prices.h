#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

/// Reads the parameters that prices[] and default_price_data share, stores the price of `product`,
/// and emits price.created.
Outcome<Json> create_price_of(Context& ctx, Params& params, const std::string& product);

/// A new price without currency, amount, product or interval: not stored yet.
Json blank_price(Context& ctx);

/// The members of recurring[], as a price's document holds them.
Json read_recurring(Context& ctx, Params& params);
/// Stripe's refusal where `price`, given as `param`, is not in `expected` (a lower-case code).
/// nullopt when it is, or has an option in it (see price_in()).
std::optional<StripeError> check_price_currency(const Json& price, const std::string& expected,
                                                const std::string& param);
/// A price for a single charge, given as `param`. Errors: 400 when it does not exist or recurs.
Outcome<Json> require_one_time_price(Context& ctx, const std::string& id, const std::string& param);

const Feature& price_feature();

}  // namespace turnpike::twin
