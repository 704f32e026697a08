#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "billing/life/preview.h"
#include "billing/provider/context.h"
#include "subscriptions/command.h"
#include "subscriptions/subscription.h"

namespace turnpike {

struct TrialWish {
    Instant end;
    /// Without a card nobody is charged for what he did not ask for.
    TrialEndBehavior behavior = TrialEndBehavior::Cancel;
};
struct StartRequest {
    CustomerId customer;
    PlanVersionId plan_version;
    PriceId price;
    std::optional<std::string> payment_method;  ///< provider's id; without: the default on file
    Authority authority;
    std::int64_t quantity = 1;
    std::optional<TrialWish> trial{};
    FirstPayment first_payment = FirstPayment::OrNothing;
};

/// ByDirection: up is at once and paid at once, down waits for the end of the period; on a trial
/// both are at once, for nothing is charged yet.
enum class ChangeWhen : std::uint8_t { Now, AtPeriodEnd, ByDirection };
struct ChangeRequest {
    SubscriptionId subscription;
    PriceId price;
    Authority authority;
    std::optional<std::int64_t> quantity{};  ///< absent: as it is
    ChangeWhen when = ChangeWhen::Now;
    std::optional<PreviewId> preview{};  ///< billed as it shows, or not changed at all
};
struct CancelRequest {
    SubscriptionId subscription;
    CancelWhen when = CancelWhen::AtPeriodEnd;
    Authority authority;
    std::optional<Instant> at{};  ///< OnDate
    std::optional<std::string> comment{}, feedback{};
};
struct PauseRequest {
    SubscriptionId subscription;
    Pause pause;
    Authority authority;
};
struct EndTrialRequest {
    SubscriptionId subscription;
    std::optional<Instant> at;  ///< absent: now
    Authority authority;
};
/// One of the customer's, without more.
struct SubscriptionWish {
    SubscriptionId subscription;
    Authority authority;
};
struct ReactivateRequest {
    SubscriptionId subscription;
    std::optional<std::string> payment_method;
    Authority authority;
};

/// Subscribes a customer: the command is committed first, then customer, card and subscription are
/// made at the provider, each under an obligation of its own. A declined card leaves nothing that
/// counts as a subscription, unless its first payment may wait: then it is incomplete until it is
/// paid on the invoice's page, for 23 hours. The same request again, while the first is
/// unfinished, goes on with it. A trial needs no card.
///
/// Errors: Conflict "subscription.exists", "subscription.busy", "subscription.trial_used",
///         "subscription.currency_fixed"; Unprocessable "subscription.date_not_ahead",
///         "subscription.date_too_far"; those of PaymentProvider, and of its check_ability.
///         After OutcomeUnknown the command stays pending and the worker finds out.
asio::awaitable<Result<Subscription>> start_subscription(BillingContext& billing,
                                                         StartRequest request);

/// The commands below say what is wished of a subscription that runs; transitions.h has the table
/// of who may ask for what. Repeating one changes nothing more.
///
/// Errors of all: NotFound "subscription.not_found"; those of transitions.h; Unprocessable
///         "subscription.date_not_ahead", "subscription.date_too_far"; those of PaymentProvider and
///         of its check_ability, before anything is written.

/// Moves to another price or quantity. At once it is prorated to the second: up is invoiced and
/// paid or does not happen, down is credited on the next invoice. At the period's end nothing is
/// prorated; a later change takes its place. When the bank wants the cardholder, a change at once
/// waits at the provider for 23 hours: paying the invoice whose page the error names makes it.
/// Errors: Conflict "subscription.currency_fixed", "subscription.preview_outdated"; PaymentRequired
///         "payment.authentication_required" with the detail hosted_url.
asio::awaitable<Result<Subscription>> change_subscription(BillingContext& billing,
                                                          ChangeRequest request);
asio::awaitable<Result<Subscription>> drop_pending_change(BillingContext& billing,
                                                          SubscriptionWish request);
/// Ends at once, at the period's end, on a date, or not after all. Ending at once closes the
/// period: its overage goes on an invoice of its own. A planned change waits behind a planned end.
asio::awaitable<Result<Subscription>> cancel_subscription(BillingContext& billing,
                                                          CancelRequest request);
asio::awaitable<Result<Subscription>> pause_subscription(BillingContext& billing,
                                                         PauseRequest request);
asio::awaitable<Result<Subscription>> resume_subscription(BillingContext& billing,
                                                          SubscriptionWish request);
/// The trial ends now, and is paid for, or on another date.
asio::awaitable<Result<Subscription>> end_trial(BillingContext& billing, EndTrialRequest request);

/// Takes a planned end back; or starts what has ended anew, as it is sold now: the same plan,
/// interval, currency and quantity, without a trial. Errors: Conflict "billing.plan_gone" too.
asio::awaitable<Result<Subscription>> reactivate_subscription(BillingContext& billing,
                                                              ReactivateRequest request);

/// Goes on with a command found pending: after a crash, or after an unknown outcome.
asio::awaitable<Result<Subscription>> resume_command(BillingContext& billing,
                                                     SubscriptionCommand command);

}  // namespace turnpike
