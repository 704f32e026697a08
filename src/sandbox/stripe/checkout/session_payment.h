#pragma once

#include <string>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"

/// How an open checkout session is paid, and what follows from it.
namespace turnpike::twin {

/// What the payer gave.
struct Payer {
    std::string payment_method;  ///< a stored one; "" where none is asked for
    std::string email;           ///< "" takes the payment method's
};

/// Where the payer goes next.
struct PaymentStep {
    Json session;           ///< as stored; complete unless the bank asks
    std::string bank_page;  ///< "" unless the bank asks
};

/// The bank's page of an intent that waits for the cardholder; "" of any other.
std::string bank_page_of(const Json& intent);

/// Pays a payable session: charges, subscribes or saves the payment method through the features
/// that do so for everybody, and makes a customer where one is needed.
/// Errors: 402 for a card that is declined, which leaves its traces (Context::keep_effects); 400
/// for a payment method that is somebody else's, or missing.
Outcome<PaymentStep> pay_session(Context& ctx, Json session, const Payer& payer);

/// The session costs something else now: a payment that was begun takes the new amount, and is
/// confirmed anew; a subscription that was begun ends.
void forget_attempt(Context& ctx, Json& session);

/// Whether this session wants a payment method.
bool wants_payment_method(const Json& session);

}  // namespace turnpike::twin
