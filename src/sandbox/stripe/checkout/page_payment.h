#pragma once

#include <optional>
#include <string>

#include "sandbox/stripe/checkout/session_payment.h"
#include "sandbox/stripe/core/pages.h"

/// What a checkout session's page does with what is typed into it.
namespace turnpike::twin {

/// Applies the promotion code of the page's form, if any, and pays with its card or account.
/// Errors: of the code, the card, the account, or the payment, in words for the payer.
Outcome<PaymentStep> pay_by_form(PageRequest& page);

/// Applies the promotion code of the page's form, or removes the present one.
/// Errors: why the code takes nothing off.
std::optional<StripeError> change_code(PageRequest& page);

/// Keeps for the next look at the page what was refused, and what was typed beside the card.
void leave_notice(PageRequest& page, const StripeError& error);
/// Keeps what was typed beside the card, for a payer who has yet to come back.
void keep_typed(PageRequest& page);
/// {"text" or "code_problem", "field": what it is about, "email", "name", "method",
/// "promotion_code", "amount"} of the last form, or what the bank's page has come to ("text");
/// forgets it.
Json take_notice(Context& ctx, Json& session);

bool knows_email(const Json& session);
bool takes_method(const Json& session, const std::string& payment_method_type);

/// success_url with the session's id in it.
std::string success_address(const Json& session);

}  // namespace turnpike::twin
