#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "audit/audit.h"
#include "base/error.h"
#include "billing/provider/context.h"
#include "billing/provider/pass_log.h"
#include "billing/records/checkout_session.h"

namespace turnpike {

/// The actor of requests that show no credential.
inline constexpr std::string_view kAnybody = "public";

struct CheckoutRequest {
    CustomerId customer;
    PlanVersionId plan_version;
    PriceId price;
    std::int64_t quantity = 1;
    std::int64_t trial_days = 0;
    std::string success_url, cancel_url;  ///< checked by AllowedOrigins
    Authority authority;
};

/// A page at the provider where the customer subscribes. The row is committed first; the page is an
/// obligation. The same request again, while the page may still be paid, answers the same page;
/// another one closes it first, so that nobody pays twice. Somebody with a credential makes the
/// page that he asks for his; what he has asked for, nobody without one takes away.
///
/// Errors: those of check_may_close; Conflict "subscription.exists": the customer has a
///         subscription, or has just paid for one; "subscription.currency_fixed", and no page
///         gives way; "checkout.being_paid", "checkout.other_provider"; those of PaymentProvider.
///         After OutcomeUnknown the same request goes on with it.
asio::awaitable<Result<CheckoutSession>> open_checkout(BillingContext& billing,
                                                       CheckoutRequest request);

/// Asks the provider what has become of a page that may still be paid, and mirrors subscription and
/// invoice when it was. For who comes back from it before the webhook does.
/// Errors: those of PaymentProvider and of mirror_subscription.
asio::awaitable<Result<CheckoutSession>> refresh_checkout(BillingContext& billing,
                                                          CheckoutSession session,
                                                          Authority authority);

/// Makes sure that nothing more can be paid there. When it was paid before, the answer is Complete.
/// Errors: Conflict "checkout.being_paid"; those of refresh_checkout.
asio::awaitable<Result<CheckoutSession>> close_checkout(BillingContext& billing,
                                                        CheckoutSession session,
                                                        Authority authority);

/// Of kAnybody only an anonymous page gives way.
/// Errors: Conflict "checkout.opened_by_another", which names the page.
Result<void> check_may_close(const CheckoutSession& session, const Authority& authority);

/// Makes sure that nothing more can be paid there, for who subscribes the customer elsewhere. A
/// page that could not even be made needs no closing. Errors: as close_checkout.
asio::awaitable<Result<std::monostate>> leave_page(BillingContext& billing, CheckoutSession session,
                                                   Authority authority);

/// For who subscribes the customer in another way: closes the page that may still be paid, if any.
/// Errors: as close_checkout.
asio::awaitable<Result<std::monostate>> leave_checkout(BillingContext& billing, CustomerId customer,
                                                       Authority authority);

/// What an event tells of a page; of others than ours, nothing is done.
asio::awaitable<Result<std::monostate>> apply_checkout_event(BillingContext& billing,
                                                             std::string provider_session,
                                                             Authority authority);

/// Closes pages whose time is over, and those of customers who have subscribed otherwise.
/// \return how many were closed
asio::awaitable<std::int64_t> close_stale_checkouts(BillingContext& billing, Instant now,
                                                    Authority authority, PassLog& log);

}  // namespace turnpike
