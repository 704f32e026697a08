#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/error.h"
#include "billing/context.h"

namespace turnpike {

/// The provider's id of a customer or price of ours, made there on first need. Any number of
/// concurrent callers end with the same object: the obligation is the customer or the price.
/// Errors: NotFound when ours does not exist; those of PaymentProvider.
asio::awaitable<Result<std::string>> ensure_provider_customer(BillingContext& billing,
                                                              CustomerId customer);
asio::awaitable<Result<std::string>> ensure_provider_price(BillingContext& billing, PriceId price);

/// The provider's ids of everything that is sold now in this currency, lower plans first, made
/// there on first need; without what the provider refuses to sell (an amount below its minimum).
/// Errors: Unavailable and OutcomeUnknown of PaymentProvider.
asio::awaitable<Result<std::vector<std::string>>> ensure_sold_prices(BillingContext& billing,
                                                                     Currency currency);

/// Sells `price` under a price that the seller has made at the provider, once its amount and
/// interval have been seen to be the same. Repeating it changes nothing.
///
/// Errors: InvalidArgument "billing.price_unusable" when it is not there, archived, another price's
///         or differs; Unavailable and OutcomeUnknown when the provider cannot be asked now.
asio::awaitable<Result<std::monostate>> adopt_provider_price(BillingContext& billing, PriceId price,
                                                             std::string provider_price);

}  // namespace turnpike
