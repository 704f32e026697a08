#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "json/json.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/payments/payment_intents.h"

/// Stripe's invoices: draft -> open -> paid | void | uncollectible. Everything here works on the
/// stored documents and raises the events that Stripe raises.
namespace turnpike::twin {

struct NewInvoice {
    std::string customer;
    std::string currency;
    std::string billing_reason;  ///< "manual", "subscription_create", "subscription_cycle", ...
    std::string subscription;    ///< "" for a manual invoice
    Period period;
    std::string collection_method = "charge_automatically";
    bool auto_advance = true;
};
/// A draft without lines, not stored yet. It has the customer's discount.
/// Errors: 400 when the customer is unknown.
Outcome<Json> draft_invoice(Context& ctx, const NewInvoice& request);

/// Binds the customer's pending invoice items in this currency (of `subscription` or of none; ""
/// takes every one) to the draft. Returns their lines, to put on it.
std::vector<Json> take_pending_items(Context& ctx, const Json& invoice,
                                     const std::string& subscription);

/// Stores the draft, raises invoice.created, and schedules its finalization when it advances by
/// itself.
void publish_draft(Context& ctx, Json& invoice);

enum class AutoAdvance : bool { Off, On };
/// Whether a draft finalizes itself and an open invoice is collected: plans that, an hour from now
/// unless it is planned already, or ends it. The caller stores the invoice, which has been stored
/// before. What waits for the due date of one that is sent goes on.
void set_auto_advance(Context& ctx, Json& invoice, AutoAdvance advance);
/// Nothing happens by itself any more to a draft or an open invoice; invoice.updated, if it would
/// have.
void stop_collecting(Context& ctx, Json invoice);

/// draft -> open, or paid when nothing is due. Gives the number, settles the balance, makes the
/// PaymentIntent and raises invoice.finalized (and the events of a paid one).
/// Errors: 400 when it is not a draft, has a customer who was deleted, or sums up to more than an
/// amount holds (amount_too_large).
Outcome<Json> finalize_invoice(Context& ctx, Json invoice);

/// draft -> paid, for a payment that went before it: by this PaymentIntent ("": nothing was due).
/// The customer's balance stays as it is. Errors: 400 for a customer who was deleted.
Outcome<Json> finalize_prepaid(Context& ctx, Json invoice, const std::string& payment_intent);

enum class AttemptReason : bool { Automatic, Requested };
struct PaymentAttempt {
    PaymentSession session = PaymentSession::Recurring;
    AttemptReason reason = AttemptReason::Automatic;
    std::string payment_method;  ///< "" takes the default one
};
/// How an attempt to pay an open invoice ended. `invoice` is its new state.
struct AttemptResult {
    Json invoice;
    enum class Kind : std::uint8_t {
        Paid,
        Processing,  ///< a debit: the bank answers later
        ActionRequired,
        Failed
    } kind = Kind::Failed;
    StripeError error;  ///< 402, when it failed or needs an action; its payment_intent is inside
};
/// Tries to collect an open invoice and tells its subscription what came of it.
AttemptResult attempt_payment(Context& ctx, Json invoice, const PaymentAttempt& attempt);
/// An automatic retry that has come due. A card that was declined for good is not tried again: the
/// attempt counts, and nobody is charged.
void retry_payment(Context& ctx, Json invoice);
/// What time brings to an invoice: a draft finalizes itself and is collected, an open one is tried
/// again.
void step_invoice(Context& ctx, Json invoice);
/// True once the last automatic attempt has failed.
bool retries_exhausted(const Json& invoice);
/// Marks an invoice that is owed as paid without a charge. Whatever else could have paid it ends.
Json pay_out_of_band(Context& ctx, Json invoice);
/// The same for one whose own PaymentIntent has succeeded.
Json pay_by_intent(Context& ctx, Json invoice);
/// The same for one that was made of a payment.
Json pay_by_earlier_intent(Context& ctx, Json invoice);

/// EventListener of kPaymentIntentChanged: an invoice that is owed is paid when its PaymentIntent
/// has succeeded.
void hear_of_payment_intent(Context& ctx, std::string_view type, const Json& payment_intent);

/// EventListener of kDebitAnswered, for an invoice that is open or uncollectible.
void hear_of_debit(Context& ctx, std::string_view type, const Json& payment_intent);
/// A debit of it is on its way to the bank: it cannot be paid otherwise, nor voided by request.
bool awaits_bank(Context& ctx, const Json& invoice);
/// 400 for what cannot be done then.
Refusal payment_processing();

/// open (or uncollectible) -> void. Errors: 400 for any other status.
Outcome<Json> void_invoice(Context& ctx, Json invoice);
/// open -> uncollectible. Errors: 400 for any other status.
Outcome<Json> mark_uncollectible(Context& ctx, Json invoice);

/// The payment method that an attempt would use, in Stripe's order of priority; "" if none.
std::string default_payment_method_of(Context& ctx, const Json& invoice);
bool is_owed(const Json& invoice);       ///< it is open or uncollectible
bool is_automatic(const Json& invoice);  ///< it is charged, not sent
/// 400 invoice_not_editable: lines are for drafts.
Refusal no_longer_editable();
std::string subscription_of_invoice(const Json& invoice);  ///< "" for a manual one

/// Retries of a renewal that failed, after the first attempt: a fixed stand-in for Stripe's Smart
/// Retries (at most 8 tries in 2 weeks). After the last one the subscription is canceled.
inline constexpr std::chrono::hours kRetryDelays[] = {
    std::chrono::hours(72), std::chrono::hours(120), std::chrono::hours(168)};
/// How long a draft waits before it finalizes itself.
inline constexpr std::chrono::hours kDraftLifetime{1};

const Feature& invoice_feature();

}  // namespace turnpike::twin
