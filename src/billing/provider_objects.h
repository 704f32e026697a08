#pragma once

#include <string>

#include "base/error.h"
#include "billing/context.h"

namespace turnpike {

/// The provider's id of a customer or price of ours, made there on first need. Any number of
/// concurrent callers end with the same object: the obligation is the customer or the price.
/// Errors: NotFound when ours does not exist; those of PaymentProvider.
asio::awaitable<Result<std::string>> ensure_provider_customer(BillingContext& billing,
                                                              CustomerId customer);
asio::awaitable<Result<std::string>> ensure_provider_price(BillingContext& billing, PriceId price);

}  // namespace turnpike
