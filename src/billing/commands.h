#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "billing/context.h"
#include "billing/preview.h"
#include "subscriptions/command.h"
#include "subscriptions/subscription.h"

namespace turnpike {

struct StartRequest {
    CustomerId customer;
    PlanVersionId plan_version;
    PriceId price;
    std::optional<std::string> payment_method;  ///< provider's id; without: the default on file
    Authority authority;
    FirstPayment first_payment = FirstPayment::OrNothing;
};
struct ChangeRequest {
    SubscriptionId subscription;
    PriceId price;
    Authority authority;
    std::optional<PreviewId> preview{};  ///< billed as it shows, or not changed at all
};
struct CancelRequest {
    SubscriptionId subscription;
    CancelWhen when = CancelWhen::AtPeriodEnd;
    Authority authority;
};

/// Subscribes a customer: the command is committed first, then customer, card and subscription are
/// made at the provider, each under an obligation of its own. A declined card leaves nothing that
/// counts as a subscription, unless its first payment may wait: then it is incomplete until it is
/// paid on the invoice's page, for 23 hours. The same request again, while the first is
/// unfinished, goes on with it.
///
/// Errors: Conflict "subscription.exists", "subscription.busy"; those of PaymentProvider.
///         After OutcomeUnknown the command stays pending and the worker finds out.
asio::awaitable<Result<Subscription>> start_subscription(BillingContext& billing,
                                                         StartRequest request);

/// Moves to another plan, prorated to the second: up is invoiced and paid at once or does not
/// happen, down is credited on the next invoice. The plan the customer has already: no change.
///
/// When the bank wants the cardholder, the change waits at the provider for 23 hours: paying the
/// invoice whose page the error names makes it.
///
/// Errors: NotFound "subscription.not_found"; Conflict "subscription.busy", "subscription.ended",
///         "subscription.preview_outdated"; PaymentRequired "payment.authentication_required" with
///         the detail hosted_url; the others of PaymentProvider.
asio::awaitable<Result<Subscription>> change_subscription(BillingContext& billing,
                                                          ChangeRequest request);

/// Ends at once, at the period's end, or not after all. Repeating it changes nothing more. Ending
/// at once closes the period: its overage goes on an invoice of its own.
///
/// Errors: as change_subscription.
asio::awaitable<Result<Subscription>> cancel_subscription(BillingContext& billing,
                                                          CancelRequest request);

/// Goes on with a command found pending: after a crash, or after an unknown outcome.
asio::awaitable<Result<Subscription>> resume_command(BillingContext& billing,
                                                     SubscriptionCommand command);

}  // namespace turnpike
