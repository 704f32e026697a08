#pragma once

#include <string>
#include <string_view>

#include "json/json.h"
#include "sandbox/html.h"

namespace turnpike::twin {

class Context;

// Pieces that show Stripe's documents. All text in them is escaped.

std::string money_text(const Json& object, const char* member);
/// As money_text, of an amount that no member holds.
std::string money_text(std::int64_t amount, const Json& object);
/// "10 November 2025"; "" when the member is null.
std::string day_text(const Json& object, const char* member);
/// "Pro: $99.00 per month"
std::string price_text(Context& ctx, const Json& price);

/// Where the shop wants its customer back after an intent's page, with what Stripe adds to the
/// address; "" if the shop did not say.
std::string return_address(const Json& intent);

}  // namespace turnpike::twin
