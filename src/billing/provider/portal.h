#pragma once

#include <string>

#include "access/return_url.h"
#include "base/error.h"
#include "billing/provider/context.h"

namespace turnpike {

/// A link to the provider's customer portal, which offers the one who has a subscription what is
/// sold now in its currency: prices that nobody has bought yet are made at the provider first.
/// Others have nothing to change there, and a second currency would make two prices of one product
/// that recur alike, which Stripe does not offer. Errors: those of PaymentProvider.
asio::awaitable<Result<std::string>> open_customer_portal(BillingContext& billing,
                                                          CustomerId customer,
                                                          ReturnUrl return_url);

}  // namespace turnpike
