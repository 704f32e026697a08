#pragma once

#include <string>
#include <string_view>

#include "json/json.h"

namespace turnpike::twin {

class Context;

// Pieces that the hosted pages share. All text in them is escaped.

std::string money_text(const Json& object, const char* member);
/// As money_text, of an amount that no member holds.
std::string money_text(std::int64_t amount, const Json& object);
/// "10 November 2025"; "" when the member is null.
std::string day_text(const Json& object, const char* member);
/// "Pro: $99.00 per month"
std::string price_text(Context& ctx, const Json& price);

/// A form with one button that posts `action` to the page's own address, query included.
std::string post_form(std::string_view action, const std::string& fields, std::string_view button,
                      std::string_view look = "");
std::string hidden_field(std::string_view name, const std::string& value);

/// <p><a href="address">label</a></p>
std::string link_line(const std::string& address, std::string_view label);

}  // namespace turnpike::twin
