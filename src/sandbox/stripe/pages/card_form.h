#pragma once

#include <string>
#include <string_view>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"

/// A form for a card number, and what becomes of the number. At most one such form on a page.
namespace turnpike::twin {

/// A form that posts `action` and "number", with the test numbers to choose from.
std::string card_form(std::string_view action, std::string_view button, std::string_view look = "");

/// The payment method of a test card, kept for the customer; `number` as a person types it.
/// Errors: 402 for a number that is no test card, and for a card that lets nobody keep it.
Outcome<Json> keep_typed_card(Context& ctx, const std::string& number, const std::string& customer);

}  // namespace turnpike::twin
