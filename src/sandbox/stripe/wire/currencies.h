#pragma once

#include <string>
#include <string_view>

#include "sandbox/stripe/wire/params.h"

namespace turnpike::twin {

/// One of the currencies that Stripe charges in, in lower case.
bool is_stripe_currency(std::string_view lower_case_code);

/// As below; "" when none is given.
std::string read_optional_currency(Params& params);
/// Stripe charges multiples of this: the amounts of some currencies are written with more digits
/// than they have.
std::int64_t charge_step(std::string_view currency);

/// Reads a required currency in either case; complains with Stripe's message. "" after a complaint.
std::string read_currency(Params& params, std::string_view name = "currency");
/// "Invalid currency: xyz. Stripe currently supports these currencies: usd, ..."
Refusal unknown_currency(const std::string& param, const std::string& given);

}  // namespace turnpike::twin
