#pragma once

#include <optional>
#include <string>

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

namespace turnpike::twin {

/// What POST /v1/customers does with this form.
Answer make_customer(Context& ctx, const Json& form);
/// What POST /v1/customers/ID does with this form.
Answer change_customer(Context& ctx, const std::string& customer, const Json& form);

/// Ends a customer's subscriptions, detaches its payment methods, leaves a tombstone (returned),
/// and emits customer.deleted.
Answer delete_customer_and_contracts(Context& ctx, const Json& customer);

/// Stripe's refusal of what is sent to a customer without an e-mail address.
std::optional<StripeError> check_mail_address(Context& ctx, const std::string& customer);

const Feature& customer_feature();

}  // namespace turnpike::twin
