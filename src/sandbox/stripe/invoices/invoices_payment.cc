#include <algorithm>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/invoices/invoice_payments.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// All of the test accounts' banks do.
constexpr std::chrono::hours kBankAnswersWithin{1};

/// Declines after which the same card is not tried again: Stripe's nine, of which Radar's
/// highest_risk_level is told as "fraudulent".
bool is_hard_decline(const StripeError& error) {
    for (const char* code : {"incorrect_number", "lost_card", "pickup_card", "stolen_card",
                             "revocation_of_authorization", "revocation_of_all_authorizations",
                             "authentication_required", "fraudulent", "transaction_not_allowed"})
        if (error.decline_code == code || error.code == code) return true;
    return false;
}

/// What the next automatic attempt can hope for.
enum class Prospect : std::uint8_t {
    Fair,
    NeverThisCard,    ///< attempts are planned and counted; only another card is charged
    NothingToCharge,  ///< nothing happens until there is a payment method
};

Prospect prospect_after(const StripeError& error) {
    if (error.code == "resource_missing") return Prospect::NothingToCharge;
    return is_hard_decline(error) ? Prospect::NeverThisCard : Prospect::Fair;
}

enum class Charged : std::uint8_t { No, Yes, BeforeItWasMade };

Json settle_paid(Context& ctx, Json invoice, Charged charged) {
    const Instant now = second_of(ctx, text_of(invoice, "customer"));
    const bool by_intent = charged != Charged::No;
    end_open_payments(
        ctx, invoice,
        {.kept = by_intent ? text_of(invoice, "_invoice_payment") : "", .reason = ""});
    invoice["status"] = "paid";
    if (by_intent) invoice["attempted"] = true;
    invoice["auto_advance"] = false;
    invoice["amount_paid"] = invoice["amount_due"];
    invoice["amount_remaining"] = 0;
    invoice["next_payment_attempt"] = nullptr;
    invoice["status_transitions"]["paid_at"] = unix_seconds(now);
    ctx.put_due(invoice, std::nullopt, text_of(invoice, "test_clock"));
    if (charged == Charged::Yes)
        ctx.update_and_emit("invoice.updated", invoice);
    else
        ctx.put(invoice);
    tell_listeners(ctx, kInvoicePaid, invoice);
    ctx.emit("invoice.paid", invoice);
    ctx.emit("invoice.payment_succeeded", invoice);
    if (by_intent) close_invoice_payment(ctx, invoice);
    return invoice;
}

void count_attempt(Json& invoice, AttemptReason reason) {
    const std::int64_t count = integer_of(invoice, "attempt_count");
    if (count == 0 || reason == AttemptReason::Automatic) invoice["attempt_count"] = count + 1;
}

/// Plans the next automatic attempt. The first invoice of a subscription is not retried, unless a
/// debit of it has made the subscription active.
void plan_retry(Context& ctx, Json& invoice, Prospect prospect, Instant now) {
    const bool first = text_of(invoice, "billing_reason") == "subscription_create";
    if (!flag_of(invoice, "auto_advance") || (first && !flag_of(invoice, "_debited"))) return;
    const auto tried = static_cast<std::size_t>(integer_of(invoice, "_retries"));
    if (tried >= std::size(kRetryDelays)) {
        invoice["_exhausted"] = true;
        invoice["next_payment_attempt"] = nullptr;
        ctx.put_due(invoice, std::nullopt, text_of(invoice, "test_clock"));
        return;
    }
    const Instant next = now + kRetryDelays[tried];
    invoice["_retries"] = tried + 1;
    invoice["_hopeless"] = prospect != Prospect::Fair;
    invoice["next_payment_attempt"] =
        prospect == Prospect::NothingToCharge ? Json() : Json(unix_seconds(next));
    ctx.put_due(invoice, next, text_of(invoice, "test_clock"));
}

std::string_view failure_of(const PaymentAttempt& attempt) {
    return attempt.reason == AttemptReason::Automatic ? kCollectionFailed : kInvoiceUnpaid;
}

AttemptResult settle_failed(Context& ctx, Json invoice, const PaymentAttempt& attempt,
                            StripeError error) {
    const Instant now = second_of(ctx, text_of(invoice, "customer"));
    invoice["attempted"] = true;
    count_attempt(invoice, attempt.reason);
    if (attempt.reason == AttemptReason::Automatic)
        plan_retry(ctx, invoice, prospect_after(error), now);
    ctx.update_and_emit("invoice.updated", invoice);
    ctx.emit("invoice.payment_failed", invoice);
    tell_listeners(ctx, failure_of(attempt), invoice);
    return {std::move(invoice), AttemptResult::Kind::Failed, std::move(error)};
}

/// Nobody tries again before the bank has answered.
AttemptResult settle_processing(Context& ctx, Json invoice, AttemptReason reason) {
    invoice["attempted"] = true;
    invoice["_debited"] = true;
    invoice["_retries_debit"] = reason == AttemptReason::Automatic;
    count_attempt(invoice, reason);
    if (reason == AttemptReason::Automatic) {
        invoice["next_payment_attempt"] = nullptr;
        ctx.put_due(invoice, std::nullopt, text_of(invoice, "test_clock"));
    }
    ctx.update_and_emit("invoice.updated", invoice);
    tell_listeners(ctx, kInvoiceProcessing, invoice);
    return {std::move(invoice), AttemptResult::Kind::Processing, {}};
}

/// The attempt was counted when the debit was begun.
void settle_refused_debit(Context& ctx, Json invoice, const Json& intent) {
    const bool automatic = flag_of(invoice, "_retries_debit");
    StripeError error;
    error.code = text_of(part_of(intent, "last_payment_error"), "code");
    const Instant now = second_of(ctx, text_of(invoice, "customer"));
    if (automatic) plan_retry(ctx, invoice, prospect_after(error), now);
    ctx.update_and_emit("invoice.updated", invoice);
    ctx.emit("invoice.payment_failed", invoice);
    tell_listeners(ctx, automatic ? kCollectionFailed : kInvoiceUnpaid, invoice);
}

AttemptResult settle_action_required(Context& ctx, Json invoice, const PaymentAttempt& attempt,
                                     const Json& intent) {
    const Instant now = second_of(ctx, text_of(invoice, "customer"));
    invoice["attempted"] = true;
    StripeError error = card_error("invoice_payment_intent_requires_action", "",
                                   "This payment requires additional user action before it can be "
                                   "completed successfully. Payment can be completed using the "
                                   "PaymentIntent associated with the invoice.")
                            .error();
    error.extra["payment_intent"] = visible(intent);
    if (attempt.reason == AttemptReason::Automatic)
        plan_retry(ctx, invoice, prospect_after(error), now);
    ctx.update_and_emit("invoice.updated", invoice);
    ctx.emit("invoice.payment_action_required", invoice);
    ctx.emit("invoice.payment_failed", invoice);
    tell_listeners(ctx, failure_of(attempt), invoice);
    return {std::move(invoice), AttemptResult::Kind::ActionRequired, std::move(error)};
}

bool is_processing(Context& ctx, const std::string& payment_intent) {
    const auto intent = ctx.look("payment_intent", payment_intent);
    return intent && text_of(*intent, "status") == "processing";
}

StripeError no_payment_method() {
    StripeError error;
    error.code = "resource_missing";
    error.message =
        "There is no `default_payment_method` set on this Customer or Invoice. Please set a "
        "`default_payment_method`.";
    return error;
}

}  // namespace

std::string default_payment_method_of(Context& ctx, const Json& invoice) {
    std::string found = text_of(invoice, "default_payment_method");
    if (!found.empty()) return found;
    if (const auto subscription = ctx.look("subscription", subscription_of_invoice(invoice))) {
        found = text_of(*subscription, "default_payment_method");
        if (!found.empty()) return found;
        found = text_of(*subscription, "default_source");
        if (!found.empty()) return found;
    }
    const auto customer = ctx.look("customer", text_of(invoice, "customer"));
    if (!customer) return {};
    found = text_of(part_of(*customer, "invoice_settings"), "default_payment_method");
    return found.empty() ? text_of(*customer, "default_source") : found;
}

AttemptResult attempt_payment(Context& ctx, Json invoice, const PaymentAttempt& attempt) {
    const std::string method = attempt.payment_method.empty()
                                   ? default_payment_method_of(ctx, invoice)
                                   : attempt.payment_method;
    auto intent = ctx.find("payment_intent", text_of(invoice, "_payment_intent"));
    if (awaits_bank(ctx, invoice)) return {std::move(invoice), AttemptResult::Kind::Processing, {}};
    invoice["_tried"] = method;
    if (method.empty() || !intent)
        return settle_failed(ctx, std::move(invoice), attempt, no_payment_method());
    Confirmation confirmed =
        confirm_payment_intent(ctx, *std::move(intent), method, attempt.session);
    const std::string status = text_of(confirmed.intent, "status");
    if (status == "requires_action")
        return settle_action_required(ctx, std::move(invoice), attempt, confirmed.intent);
    if (confirmed.error)
        return settle_failed(ctx, std::move(invoice), attempt, *std::move(confirmed.error));
    if (status == "processing") return settle_processing(ctx, std::move(invoice), attempt.reason);
    count_attempt(invoice, attempt.reason);
    return {settle_paid(ctx, std::move(invoice), Charged::Yes), AttemptResult::Kind::Paid, {}};
}

void retry_payment(Context& ctx, Json invoice) {
    if (awaits_bank(ctx, invoice)) {
        const Instant later = second_of(ctx, text_of(invoice, "customer")) + kBankAnswersWithin;
        return ctx.put_due(invoice, later, text_of(invoice, "test_clock"));
    }
    const bool same_card = default_payment_method_of(ctx, invoice) == text_of(invoice, "_tried");
    if (!same_card || !flag_of(invoice, "_hopeless")) {
        attempt_payment(ctx, std::move(invoice), {});
        return;
    }
    const Instant now = second_of(ctx, text_of(invoice, "customer"));
    if (text_of(invoice, "_tried").empty()) {
        plan_retry(ctx, invoice, Prospect::NothingToCharge, now);
        ctx.put(invoice);
    } else {
        count_attempt(invoice, AttemptReason::Automatic);
        plan_retry(ctx, invoice, Prospect::NeverThisCard, now);
        ctx.update_and_emit("invoice.updated", invoice);
    }
    if (retries_exhausted(invoice)) tell_listeners(ctx, kInvoiceUnpaid, invoice);
}

bool awaits_bank(Context& ctx, const Json& invoice) {
    if (is_processing(ctx, text_of(invoice, "_payment_intent"))) return true;
    if (!flag_of(invoice, "_has_attached")) return false;
    const auto payments = ctx.list("invoice_payment", {.parent = text_of(invoice, "id")});
    return std::ranges::any_of(payments, [&](const Json& payment) {
        return text_of(payment, "status") == "open" &&
               is_processing(ctx, text_of(part_of(payment, "payment"), "payment_intent"));
    });
}

Refusal payment_processing() {
    StripeError error;
    error.message =
        "A payment of this invoice is being processed by the bank. Wait until it has succeeded or "
        "failed.";
    return Refusal(std::move(error));
}

bool retries_exhausted(const Json& invoice) { return flag_of(invoice, "_exhausted"); }

Json pay_out_of_band(Context& ctx, Json invoice) {
    return settle_paid(ctx, std::move(invoice), Charged::No);
}

Json pay_by_intent(Context& ctx, Json invoice) {
    return settle_paid(ctx, std::move(invoice), Charged::Yes);
}

Json pay_by_earlier_intent(Context& ctx, Json invoice) {
    return settle_paid(ctx, std::move(invoice), Charged::BeforeItWasMade);
}

void hear_of_payment_intent(Context& ctx, std::string_view /*type*/, const Json& payment_intent) {
    auto invoice = ctx.find("invoice", text_of(payment_intent, "_invoice"));
    if (!invoice || !is_owed(*invoice)) return;
    const std::string status = text_of(payment_intent, "status");
    if (status == "succeeded") {
        count_attempt(*invoice, AttemptReason::Requested);
        settle_paid(ctx, *std::move(invoice), Charged::Yes);
    } else if (status == "processing") {
        settle_processing(ctx, *std::move(invoice), AttemptReason::Requested);
    } else if (status == "requires_payment_method") {
        ctx.emit("invoice.payment_failed", *invoice);
        tell_listeners(ctx, kInvoiceUnpaid, *invoice);
    }
}

void hear_of_debit(Context& ctx, std::string_view /*type*/, const Json& payment_intent) {
    auto invoice = ctx.find("invoice", text_of(payment_intent, "_invoice"));
    if (!invoice) return;
    const std::string status = text_of(*invoice, "status");
    if (status != "open" && status != "uncollectible") return;
    if (text_of(payment_intent, "status") == "succeeded")
        settle_paid(ctx, *std::move(invoice), Charged::Yes);
    else
        settle_refused_debit(ctx, *std::move(invoice), payment_intent);
}

}  // namespace turnpike::twin
