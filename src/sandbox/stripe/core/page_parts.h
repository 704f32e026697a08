#pragma once

#include <string>
#include <string_view>

#include "json/json.h"
#include "sandbox/html.h"

namespace turnpike::twin {

class Context;
class Params;

// Pieces that show Stripe's documents. All text in them is escaped.

std::string money_text(const Json& object, const char* member);
/// As money_text, of an amount that no member holds.
std::string money_text(std::int64_t amount, const Json& object);
/// "10 November 2025"; "" when the member is null.
std::string day_text(const Json& object, const char* member);
/// "Pro: $99.00 per month"
std::string price_text(Context& ctx, const Json& price);
/// "Visa ending in 4242", "Bank account ending in 3201"; "" of what is neither.
std::string method_text(const Json& method);
/// A name that somebody else chose: what is written from right to left must not turn around what
/// stands beside it. Good for attributes and options too, which can hold no <bdi>.
std::string name_text(std::string_view name);
/// More of a button's name, for those who hear it without what is around it.
std::string unseen_text(const std::string& html);

/// What was typed into a field, without the spaces around it.
std::string typed_text(Params& form, std::string_view field);

/// A row of a table's foot: what a sum is called (HTML), and how much it is.
std::string sum_row(std::string_view name, const std::string& amount);

/// Where the shop wants its customer back after an intent's page, with what Stripe adds to the
/// address; "" if the shop did not say.
std::string return_address(const Json& intent);
/// A link there, or to the checkout that is still to be paid; "" if nothing is to be said.
std::string way_back_after(Context& ctx, const Json& intent);

}  // namespace turnpike::twin
