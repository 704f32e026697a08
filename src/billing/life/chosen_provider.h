#pragma once

#include "billing/life/checkout.h"
#include "billing/life/commands.h"
#include "billing/provider/contexts.h"

namespace turnpike {

// What a customer begins at one of several providers. His page that may still be paid at another
// one is closed there first, so that it neither is paid beside the new one nor keeps him from it.

/// Errors of all three: those of the flow at the one provider; those of check_may_close and
///         close_checkout; Conflict "checkout.other_provider" when the page's provider is not
///         configured any more.
asio::awaitable<Result<CheckoutSession>> open_checkout_at(BillingContexts& billing,
                                                          BillingContext& chosen,
                                                          CheckoutRequest request);
asio::awaitable<Result<Subscription>> start_subscription_at(BillingContexts& billing,
                                                            BillingContext& chosen,
                                                            StartRequest request);
asio::awaitable<Result<Subscription>> reactivate_subscription_at(BillingContexts& billing,
                                                                 BillingContext& chosen,
                                                                 ReactivateRequest request);

}  // namespace turnpike
