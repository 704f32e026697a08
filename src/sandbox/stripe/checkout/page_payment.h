#pragma once

#include <string>

#include "sandbox/stripe/checkout/session_payment.h"
#include "sandbox/stripe/core/pages.h"

/// What a checkout session's page does with what is typed into it.
namespace turnpike::twin {

/// Pays the page's session with the card or the account of its form.
/// Errors: of the card, the account, or the payment, in words for the payer.
Outcome<PaymentStep> pay_by_form(PageRequest& page);

/// Applies the promotion code of the page's form, or removes the present one.
void change_code(PageRequest& page);

/// Keeps for the next look at the page why the payment failed, and what was typed beside the card.
void leave_notice(PageRequest& page, const StripeError& error);
/// {"text", "action", "email", "name"} of the last form, or what the bank's page has come to;
/// forgets it.
Json take_notice(Context& ctx, Json& session);

bool knows_email(const Json& session);
bool takes_method(const Json& session, const std::string& payment_method_type);

/// success_url with the session's id in it.
std::string success_address(const Json& session);
/// "https://shop.example:8443" of an address on the web; "" for any other text.
std::string origin_of_address(const std::string& address);

}  // namespace turnpike::twin
