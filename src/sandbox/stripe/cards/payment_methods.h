#pragma once

#include <string>

#include "sandbox/stripe/cards/test_cards.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

/// Reads type, card[...] or sepa_debit[...], billing_details and the like: a new payment method,
/// unattached and not stored. The caller asks for the rest of the complaints.
Outcome<Json> read_new_payment_method(Context& ctx, Params& params);

/// The payment method of this id; "pm_card_visa" and its kin make a new, unattached one each time.
/// Errors: 400 "No such PaymentMethod" naming `param`.
Outcome<Json> resolve_payment_method(Context& ctx, const std::string& id, const std::string& param);

/// Binds a payment method to a customer, stores it, and emits payment_method.attached. The same
/// method may be attached to the same customer again.
/// Errors: 402 when the card declines being saved; 400 when it belongs or has belonged to another.
Outcome<Json> attach_payment_method(Context& ctx, Json method, const std::string& customer);

/// Unbinds it, for good, and clears it from the customer and its subscriptions.
Json detach_payment_method(Context& ctx, Json method);

const Feature& payment_method_feature();

}  // namespace turnpike::twin
