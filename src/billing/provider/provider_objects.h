#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "billing/provider/context.h"

namespace turnpike {

/// The provider's id of a customer or price of ours, made there on first need. Any number of
/// concurrent callers end with the same object: the obligation is the customer or the price.
/// Errors: NotFound when ours does not exist; those of PaymentProvider.
asio::awaitable<Result<std::string>> ensure_provider_customer(BillingContext& billing,
                                                              CustomerId customer);
asio::awaitable<Result<std::string>> ensure_provider_price(BillingContext& billing, PriceId price);

/// The provider's ids of everything that a catalog sells now in this currency, lower plans first,
/// made there on first need; without what the provider refuses to sell (an amount below its
/// minimum).
/// Errors: Unavailable and OutcomeUnknown of PaymentProvider.
asio::awaitable<Result<std::vector<std::string>>> ensure_sold_prices(BillingContext& billing,
                                                                     std::string catalog_key,
                                                                     Currency currency);

}  // namespace turnpike
