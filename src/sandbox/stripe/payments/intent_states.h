#pragma once

#include <string_view>

#include "json/json.h"
#include "sandbox/stripe/wire/stripe_error.h"

/// What a PaymentIntent refuses in its status: 400 payment_intent_unexpected_state, in Stripe's
/// words, with the intent inside.
namespace turnpike::twin {

/// Nothing has been charged, and something still can be.
bool is_unconfirmed(const Json& intent);

Refusal cannot_confirm(const Json& intent);
Refusal lacks_payment_method(const Json& intent);
Refusal cannot_capture(const Json& intent);
Refusal cannot_cancel(const Json& intent);
/// Voiding the invoice is the way to cancel what it made.
Refusal belongs_to_invoice(const Json& intent);
/// What a charge was made with cannot be changed after it: "amount", "payment_method", ...
Refusal cannot_update(const Json& intent, std::string_view param);

/// Any other refusal, with the intent inside.
Refusal with_intent(StripeError error, const Json& intent);

}  // namespace turnpike::twin
