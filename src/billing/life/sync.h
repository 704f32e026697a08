#pragma once

#include <string>

#include "base/error.h"
#include "billing/provider/context.h"

namespace turnpike {

/// Asks the provider for one object and applies its whole state. An object that is gone there, or
/// not ours, is no error. Errors: those of PaymentProvider and of mirror_*.
asio::awaitable<Result<std::monostate>> sync_subscription(BillingContext& billing,
                                                          std::string provider_id,
                                                          Authority authority);
asio::awaitable<Result<std::monostate>> sync_invoice(BillingContext& billing,
                                                     std::string provider_id, Authority authority);

/// Everything of one customer: subscriptions, finished periods, invoices, in this order, so that
/// overage lines are on the draft before it is mirrored.
asio::awaitable<Result<std::monostate>> sync_customer(BillingContext& billing, CustomerId customer,
                                                      Authority authority);

/// Applies one event of the provider: a hint which object to fetch. Events about objects that do
/// not concern us are done at once.
struct EventHint {
    std::string type;     ///< "invoice.created"
    std::string payload;  ///< the event as JSON text
};
asio::awaitable<Result<std::monostate>> apply_event(BillingContext& billing, EventHint event,
                                                    Authority authority);

}  // namespace turnpike
