#pragma once

#include <string>
#include <variant>

#include "base/error.h"
#include "billing/context.h"

namespace turnpike {

/// Where the customer portal may lead back to: an absolute http(s) URL without credentials, control
/// characters, backslashes or spaces, at most 2,048 bytes.
/// Errors: InvalidArgument "billing.bad_return_url".
Result<std::monostate> check_return_url(const std::string& url);

/// A link to the provider's customer portal, which offers the one who has a subscription what is
/// sold now in its currency: prices that nobody has bought yet are made at the provider first.
/// Others have nothing to change there, and a second currency would make two prices of one product
/// that recur alike, which Stripe does not offer. Errors: InvalidArgument "billing.bad_return_url";
/// those of PaymentProvider.
asio::awaitable<Result<std::string>> open_customer_portal(BillingContext& billing,
                                                          CustomerId customer,
                                                          std::string return_url);

}  // namespace turnpike
