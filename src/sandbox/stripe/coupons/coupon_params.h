#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "json/json.h"
#include "sandbox/stripe/wire/params.h"

/// Parameters that coupons and promotion codes have in common. Every reader complains with
/// Stripe's message and then answers nullopt or an empty value.
namespace turnpike::twin {

/// At least 1.
std::optional<std::int64_t> read_positive(Params& params, std::string_view name);

/// At least 1, and no more than an amount holds. `currency` words the complaint; "" is US dollars.
std::optional<std::int64_t> read_positive_amount(Params& params, std::string_view name,
                                                 const std::string& currency);

/// After `now`, at most five years ahead.
std::optional<Instant> read_future(Params& params, std::string_view name, Instant now);

/// More than 0, at most 100, with up to four decimals: "33.33" as a JSON number.
std::optional<Json> read_percent(Params& params, std::string_view name);

/// currency_options[eur][MEMBER], as {"eur": {MEMBER: 400}}; empty when absent.
Json read_currency_options(Params& params, std::string_view member);

}  // namespace turnpike::twin
