#pragma once

#include <string_view>

#include "billing/life/checkout.h"
#include "billing/life/commands.h"
#include "billing/provider/contexts.h"

namespace turnpike {

// What a customer begins at one of several providers. His page that may still be paid at another
// one is closed there first, so that it neither is paid beside the new one nor keeps him from it.

/// The actor of requests that show no credential.
inline constexpr std::string_view kAnybody = "public";

/// The page was asked for without a credential.
void mark_anonymous(sql::Transaction& tx, const CheckoutId& id);
/// Somebody with a credential has asked for the same page: from now on it is his.
void claim_page(sql::Transaction& tx, const CheckoutId& id);

/// What somebody with a credential has opened, nobody without one takes away: of kAnybody only a
/// page gives way that was opened so.
/// Errors: Conflict "checkout.opened_by_another", which names the page.
asio::awaitable<Result<std::monostate>> check_may_close(sql::Database& db,
                                                        const CheckoutSession& session,
                                                        const Authority& authority);

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
