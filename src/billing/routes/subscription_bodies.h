#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "billing/life/commands.h"
#include "billing/life/offer.h"
#include "catalog/catalog.h"
#include "http/message.h"
#include "payments/provider.h"

/// What clients may send to /v1/subscriptions. Errors of all: "request.invalid_body".
namespace turnpike {

struct TrialBody {
    std::optional<std::int64_t> days;  ///< 0: no trial
    std::optional<Instant> end;
    TrialEndBehavior behavior = TrialEndBehavior::Cancel;
};
/// nullopt: none is wished. \param now  at the customer's clock
std::optional<TrialWish> trial_of(const TrialBody& body, Instant now);
/// "payment_behavior": Stripe's words; absent: error_if_incomplete.
FirstPayment read_first_payment(ObjectReader& fields);

struct NewSubscriptionBody {
    std::string customer;
    Offer offer;
    std::optional<std::string> payment_method;
    std::int64_t quantity = 1;
    TrialBody trial;
    std::optional<std::string> provider;
    FirstPayment first_payment = FirstPayment::OrNothing;
};
Result<NewSubscriptionBody> read_new_subscription(const http::Request& request);
/// What an interface offers whoever's start was refused.
struct StartAdvice {
    std::string_view method_field;  ///< where its body names a card: "payment_method"
    /// Where the bank wants the cardholder.
    std::string_view on_authentication =
        "send payment_behavior allow_incomplete, and the customer confirms it at next_action.url";
};
/// A refused start, with what whoever sent such a body can do about it.
Error advice_on_start(Error refused, const StartAdvice& advice);

/// What is absent stays as it is; something is there.
struct ChangeBody {
    std::optional<std::string> plan;
    std::optional<Interval> interval;
    std::optional<std::int64_t> interval_count;
    std::optional<Currency> currency;
    std::optional<std::int64_t> quantity;
    ChangeWhen when = ChangeWhen::ByDirection;
    std::optional<PreviewId> preview{};
};
/// A change may be held to what a preview has shown; a preview itself may not.
enum class HeldToPreview : bool { Never, IfNamed };
Result<ChangeBody> read_change(const http::Request& request, HeldToPreview held);

/// {"at": "period_end" | "now" | a date}; at period end without a body.
struct CancelBody {
    CancelWhen when = CancelWhen::AtPeriodEnd;
    std::optional<Instant> at;
    std::optional<std::string> comment, feedback;
};
Result<CancelBody> read_cancel(const http::Request& request);

/// Void, and until somebody resumes it, without a body.
Result<Pause> read_pause(const http::Request& request);
/// {"at": "now" | a date}; nullopt: now, as without a body.
Result<std::optional<Instant>> read_trial_end(const http::Request& request);
/// {"payment_method": ..}
Result<std::optional<std::string>> read_reactivation(const http::Request& request);

}  // namespace turnpike
