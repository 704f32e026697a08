#pragma once

#include <optional>
#include <string>

#include "sandbox/stripe/core/context.h"

namespace turnpike::twin {

/// A customer is billed in one currency at a time: what is live, what waits for an invoice, and the
/// balance are all in it. nullopt when `currency` may be used now.
std::optional<StripeError> check_customer_currency(Context& ctx, const std::string& customer,
                                                   const std::string& currency);
/// What a charge that names no currency is in: the one that may be used now, else the customer's
/// last, else "usd".
std::string default_currency(Context& ctx, const std::string& customer);

/// ListFilter::parent of the invoice items that wait for this customer's next invoice.
std::string pending_parent(const std::string& customer);

}  // namespace turnpike::twin
