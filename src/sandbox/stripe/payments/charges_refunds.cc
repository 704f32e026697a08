#include <utility>

#include "base/check.h"
#include "json/value.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/list_owner.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/disputes/disputes.h"
#include "sandbox/stripe/payments/charges.h"
#include "sandbox/stripe/payments/ledger.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

StripeError already_refunded(const std::string& charge) {
    StripeError error;
    error.code = "charge_already_refunded";
    error.message = "Charge " + charge + " has already been refunded.";
    return error;
}

bool is_only_authorized(const Json& charge) {
    return text_of(charge, "status") == "succeeded" && !flag_of(charge, "captured") &&
           !flag_of(charge, "refunded");
}

Refusal must_be_canceled(const Json& charge) {
    return bad_param("", "",
                     "This uncaptured Charge was created by a PaymentIntent (" +
                         text_of(charge, "payment_intent") +
                         "). You must cancel the PaymentIntent to reverse the authorization "
                         "instead of refunding the Charge directly. For more information, see "
                         "https://stripe.com/docs/payments/payment-intents/"
                         "creating-payment-intents#separate-auth-capture");
}

Json refund_document(Context& ctx, const Json& charge, std::int64_t amount) {
    Json refund;
    refund["id"] = ctx.new_id("re");
    refund["object"] = "refund";
    refund["amount"] = amount;
    refund["balance_transaction"] = nullptr;
    refund["charge"] = charge.at("id");
    refund["created"] = unix_seconds(second_of(ctx, text_of(charge, "customer")));
    refund["currency"] = charge.at("currency");
    Json card;
    card["reference_status"] = "pending";
    card["reference_type"] = "acquirer_reference_number";
    card["type"] = "refund";
    refund["destination_details"]["card"] = std::move(card);
    refund["destination_details"]["type"] = "card";
    refund["metadata"] = Json::object();
    refund["payment_intent"] = charge.at("payment_intent");
    refund["reason"] = nullptr;
    refund["receipt_number"] = nullptr;
    refund["source_transfer_reversal"] = nullptr;
    refund["status"] = "succeeded";
    refund["transfer_reversal"] = nullptr;
    return refund;
}

void take_from_charge(Context& ctx, Json& charge, std::int64_t amount) {
    const Json before = visible(charge);
    const std::int64_t refunded = integer_of(charge, "amount_refunded") + amount;
    charge["amount_refunded"] = refunded;
    charge["refunded"] = refunded == integer_of(charge, "amount");
    ctx.put(charge);
    const Json previous = previous_attributes(before, visible(charge));
    ctx.emit("charge.refunded", charge, previous);
    ctx.emit("charge.updated", charge, previous);
}

/// Stores the refund and says so under both names that the event has.
void update_refund_document(Context& ctx, const Json& refund) {
    const auto before = ctx.find("refund", text_of(refund, "id"));
    check(before.has_value(), "only a stored refund changes");
    ctx.put(refund);
    const Json previous = previous_attributes(visible(*before), visible(refund));
    if (previous.empty()) return;
    ctx.emit("charge.refund.updated", refund, previous);
    ctx.emit("refund.updated", refund, previous);
}

/// What the bank makes of it later, all in the same second here.
void settle_refund(Context& ctx, Json& refund, Json& charge, RefundOutcome outcome) {
    if (outcome == RefundOutcome::Succeeds) return;
    if (outcome == RefundOutcome::PendingThenSucceeds) {
        refund["status"] = "succeeded";
        update_refund_document(ctx, refund);
        return;
    }
    refund["status"] = "failed";
    refund["failure_reason"] = "unknown";
    book_failed_refund(ctx, charge, refund);
    update_refund_document(ctx, refund);
    ctx.emit("refund.failed", refund);
    charge["amount_refunded"] =
        integer_of(charge, "amount_refunded") - integer_of(refund, "amount");
    charge["refunded"] = false;
    ctx.update_and_emit("charge.updated", charge);
}

/// The charge that charge= or payment_intent= names.
Outcome<Json> find_charge(Context& ctx, const std::string& charge_id,
                          const std::string& intent_id) {
    std::string id = charge_id;
    if (id.empty() && intent_id.empty()) {
        StripeError error;
        error.message =
            "One of the following params should be provided for this request: "
            "payment_intent or charge.";
        return Refusal(std::move(error));
    }
    if (id.empty()) {
        const auto intent = ctx.find("payment_intent", intent_id);
        if (!intent) return no_such_param("payment_intent", intent_id, "payment_intent");
        id = text_of(*intent, "latest_charge");
        if (id.empty()) {
            StripeError error;
            error.message = "This PaymentIntent (" + intent_id +
                            ") does not have a successful charge to refund.";
            error.param = "payment_intent";
            return Refusal(std::move(error));
        }
    }
    auto charge = ctx.find("charge", id);
    if (!charge) return no_such_object("charge", id);
    return *std::move(charge);
}

Outcome<Json> require_refund(Operation& operation) {
    const std::string& id = operation.path("refund");
    auto refund = operation.ctx.find("refund", id);
    if (!refund) return no_such_object("refund", id);
    return *std::move(refund);
}

}  // namespace

Outcome<Json> refund_charge(Context& ctx, Json charge, const RefundRequest& request) {
    if (auto error = charged_back(ctx, charge)) return Refusal(*std::move(error));
    if (is_only_authorized(charge)) return must_be_canceled(charge);
    // What a partial capture left over counts as refunded.
    const std::int64_t left = integer_of(charge, "amount") - integer_of(charge, "amount_refunded");
    if (text_of(charge, "status") != "succeeded" || !flag_of(charge, "captured"))
        return bad_param("charge", "charge_not_refundable",
                         "Charge " + text_of(charge, "id") +
                             " was not paid, so it cannot be "
                             "refunded.");
    if (left == 0) return Refusal(already_refunded(text_of(charge, "id")));
    const std::int64_t refunded = request.amount.value_or(left);
    if (refunded < 1)
        return bad_param("amount", "parameter_invalid_integer",
                         "This value must be greater than or equal to 1.");
    if (refunded > left)
        return bad_param("amount", "",
                         "Refund amount (" + format_amount(refunded, text_of(charge, "currency")) +
                             ") is greater than unrefunded amount on charge (" +
                             format_amount(left, text_of(charge, "currency")) + ")");
    if (const auto problem = fraction_problem(refunded, text_of(charge, "currency"), "amount"))
        return *problem;
    const auto method = ctx.find("payment_method", text_of(charge, "payment_method"));
    const TestCard* card = method ? card_of_payment_method(*method) : nullptr;
    const RefundOutcome outcome = card == nullptr ? RefundOutcome::Succeeds : card->refund;

    Json refund = refund_document(ctx, charge, refunded);
    if (outcome == RefundOutcome::PendingThenSucceeds) refund["status"] = "pending";
    if (request.reason) refund["reason"] = *request.reason;
    merge_metadata(refund, request.metadata);
    book_refund(ctx, charge, refund);
    ctx.put(refund);
    ctx.emit("refund.created", refund);
    take_from_charge(ctx, charge, refunded);
    const Json answer = refund;
    settle_refund(ctx, refund, charge, outcome);
    return answer;
}

Answer create_refund(Operation& operation) {
    Params& params = operation.params;
    const std::string charge_id = params.text("charge").value_or("");
    const std::string intent_id = params.text("payment_intent").value_or("");
    RefundRequest request;
    request.amount = params.integer("amount");
    request.reason = params.one_of("reason", {"duplicate", "fraudulent", "requested_by_customer"});
    request.metadata = params.metadata();
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    auto charge = find_charge(operation.ctx, charge_id, intent_id);
    if (!charge) return charge;
    return refund_charge(operation.ctx, *std::move(charge), request);
}

Answer get_refund(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    return require_refund(operation);
}

Answer update_refund(Operation& operation) {
    const auto metadata = operation.params.metadata();
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto refund = require_refund(operation);
    if (!refund) return refund;
    merge_metadata(*refund, metadata);
    update_refund_document(operation.ctx, *refund);
    return refund;
}

/// Only a refund that waits for the customer can be canceled, and no card's does.
Answer cancel_refund(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    const auto refund = require_refund(operation);
    if (!refund) return refund;
    StripeError error;
    error.message = "Canceling this refund is unsupported.";
    return Refusal(std::move(error));
}

Answer list_refunds(Operation& operation) {
    ListFilter filter;
    filter.parent = operation.params.text("charge").value_or("");
    const std::string intent = operation.params.text("payment_intent").value_or("");
    read_created(operation.params, filter);
    for (const auto& [kind, id] :
         {std::pair("charge", filter.parent), std::pair("payment_intent", intent)})
        if (const auto refusal = unknown_owner(operation.ctx, kind, id))
            operation.params.complain(*refusal);
    return list_objects(operation, "refund", filter, [&](const Json& refund) {
        return intent.empty() || text_of(refund, "payment_intent") == intent;
    });
}

}  // namespace turnpike::twin
