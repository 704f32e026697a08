#include "sandbox/stripe/payments/payment_intents.h"

#include <utility>

#include "json/value.h"
#include "sandbox/stripe/cards/cards.h"
#include "sandbox/stripe/cards/method_options.h"
#include "sandbox/stripe/cards/payment_methods.h"
#include "sandbox/stripe/cards/sepa_debit.h"
#include "sandbox/stripe/cards/test_cards.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/disputes/disputes.h"
#include "sandbox/stripe/payments/authorizations.h"
#include "sandbox/stripe/payments/bank_debits.h"
#include "sandbox/stripe/payments/charges.h"
#include "sandbox/stripe/payments/intent_owners.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

Json card_options() {
    Json card;
    card["installments"] = nullptr;
    card["mandate_options"] = nullptr;
    card["network"] = nullptr;
    card["request_three_d_secure"] = "automatic";
    Json options;
    options["card"] = std::move(card);
    return options;
}

/// The cardholder has answered for this intent, which waited to be confirmed again.
bool has_answered(const Json& intent, const Json& method) {
    return text_of(intent, "_answered_for") == text_of(method, "id");
}

bool asks_cardholder(const TestCard& card, const Json& method, PaymentSession session) {
    switch (card.authentication) {
        case Authentication::Never: return false;
        case Authentication::Always: return true;
        case Authentication::OnSessionOnly: return session == PaymentSession::OnSession;
        case Authentication::UnlessSetUp:
            return session == PaymentSession::OnSession || !flag_of(method, "_authenticated");
    }
    std::unreachable();
}

/// What StripeError carries about the intent: the whole object, and its method in
/// last_payment_error.
StripeError error_with(const Json& intent, const Json& method, StripeError error) {
    if (!error.extra.is_object()) error.extra = Json::object();
    error.extra["payment_intent"] = visible(intent);
    error.extra["payment_method"] = visible(method);
    error.extra["charge"] = intent.at("latest_charge");
    return error;
}

Json last_payment_error(const StripeError& error, const Json& method, const Json& charge) {
    Json last;
    if (error.extra.is_object()) last = error.extra;
    last["charge"] = charge;
    last["code"] = error.code;
    if (!error.decline_code.empty()) last["decline_code"] = error.decline_code;
    last["doc_url"] = doc_url_of(error.code);
    last["message"] = error.message;
    last["payment_method"] = visible(method);
    last["type"] = error.type;
    return last;
}

Confirmation decline_intent(Context& ctx, Json intent, const Json& method, const Decline& decline) {
    const Json charge = make_charge(ctx, intent, method, &decline);
    return decline_payment_intent(ctx, std::move(intent), {method, charge, decline});
}

Confirmation ask_cardholder(Context& ctx, Json intent) {
    Json action;
    action["redirect_to_url"]["return_url"] = text_or_null(text_of(intent, "_return_url"));
    action["redirect_to_url"]["url"] = ctx.base_url() + "/p/authenticate/" + text_of(intent, "id");
    action["type"] = "redirect_to_url";
    intent["next_action"] = std::move(action);
    intent["status"] = "requires_action";
    ctx.put(intent);
    ctx.emit("payment_intent.requires_action", intent);
    return {std::move(intent), std::nullopt};
}

void settle_with(Json& intent, const Json& charge) {
    intent["latest_charge"] = charge.at("id");
    intent["last_payment_error"] = nullptr;
    intent["next_action"] = nullptr;
}

/// A method that has paid and is nobody's is good for nothing else.
void use_up(Context& ctx, const std::string& id) {
    auto method = ctx.find("payment_method", id);
    if (!method || !text_of(*method, "customer").empty()) return;
    (*method)["_used_up"] = true;
    ctx.put(*method);
}

Confirmation charge_intent(Context& ctx, Json intent, const Json& method) {
    const Json charge = make_charge(ctx, intent, method, nullptr);
    keep_for_later(ctx, intent, method);
    use_up(ctx, text_of(method, "id"));
    if (text_of(intent, "capture_method") != "manual") {
        dispute_as_card_says(ctx, text_of(charge, "id"));
        intent = succeed_payment_intent(ctx, std::move(intent), charge);
        book_async_charge(ctx, text_of(charge, "id"));
        return {std::move(intent), std::nullopt};
    }
    settle_with(intent, charge);
    intent["amount_capturable"] = intent.at("amount");
    intent["status"] = "requires_capture";
    ctx.put(intent);
    hold_authorization(ctx, intent);
    ctx.emit("payment_intent.amount_capturable_updated", intent);
    return {std::move(intent), std::nullopt};
}

/// A bank account, which answers later. What it is kept for is known when it has paid.
Confirmation debit_intent(Context& ctx, Json intent, const Json& method) {
    if (text_of(intent, "currency") != "eur") {
        StripeError error = bad_param("payment_method", "payment_intent_invalid_parameter",
                                      "The currency provided (" + text_of(intent, "currency") +
                                          ") is invalid for the payment method. `sepa_debit` only "
                                          "supports the following currencies: `eur`.")
                                .error();
        return {std::move(intent), std::move(error)};
    }
    return {start_debit(ctx, std::move(intent), method), std::nullopt};
}

const TestCard* card_of(const std::optional<Json>& method) {
    return method ? card_of_payment_method(*method) : nullptr;
}

}  // namespace

void keep_for_later(Context& ctx, const Json& intent, const Json& method) {
    const std::string customer = text_of(intent, "customer");
    if (customer.empty() || text_of(intent, "setup_future_usage").empty()) return;
    // A payment that went through stands, whether or not its method can be kept.
    static_cast<void>(attach_payment_method(ctx, method, customer));
}

Confirmation decline_payment_intent(Context& ctx, Json intent, const FailedCharge& failed) {
    const Json& charge = failed.charge;
    StripeError error = declined(failed.decline).error();
    intent["latest_charge"] = charge.at("id");
    intent["last_payment_error"] = last_payment_error(error, failed.method, charge.at("id"));
    intent["next_action"] = nullptr;
    intent["payment_method"] = nullptr;
    intent["status"] = "requires_payment_method";
    ctx.put(intent);
    ctx.emit("payment_intent.payment_failed", intent);
    error = error_with(intent, failed.method, std::move(error));
    return {std::move(intent), std::move(error)};
}

Json succeed_payment_intent(Context& ctx, Json intent, const Json& charge) {
    settle_with(intent, charge);
    intent["amount_capturable"] = 0;
    intent["amount_received"] = intent.at("amount");
    intent["status"] = "succeeded";
    ctx.put(intent);
    ctx.emit("payment_intent.succeeded", intent);
    return intent;
}

Json new_payment_intent(Context& ctx, const NewPaymentIntent& request) {
    Json intent = roomy_object(64);
    const std::string id = ctx.new_id("pi");
    intent["id"] = id;
    intent["object"] = "payment_intent";
    intent["amount"] = request.amount;
    intent["amount_capturable"] = 0;
    intent["amount_details"]["tip"] = Json::object();
    intent["amount_received"] = 0;
    intent["application"] = nullptr;
    intent["application_fee_amount"] = nullptr;
    intent["automatic_payment_methods"] = nullptr;
    intent["canceled_at"] = nullptr;
    intent["cancellation_reason"] = nullptr;
    intent["capture_method"] = request.capture_method;
    intent["client_secret"] = client_secret_of(ctx, id);
    intent["confirmation_method"] = "automatic";
    intent["created"] = unix_seconds(second_of(ctx, request.customer));
    intent["currency"] = request.currency;
    intent["customer"] = text_or_null(request.customer);
    intent["customer_account"] = nullptr;
    intent["description"] = text_or_null(request.description);
    for (const char* member :
         {"excluded_payment_method_types", "last_payment_error", "latest_charge"})
        intent[member] = nullptr;
    intent["livemode"] = false;
    intent["metadata"] = Json::object();
    intent["next_action"] = nullptr;
    intent["on_behalf_of"] = nullptr;
    if (!request.invoice.empty()) {
        intent["payment_details"]["customer_reference"] = nullptr;
        intent["payment_details"]["order_reference"] = request.invoice;
    }
    intent["payment_method"] = nullptr;
    intent["payment_method_configuration_details"] = nullptr;
    intent["payment_method_options"] = card_options();
    intent["payment_method_types"] = Json::array({"card"});
    for (const char* member : {"processing", "receipt_email", "review"}) intent[member] = nullptr;
    intent["setup_future_usage"] = request.setup_future_usage;
    for (const char* member :
         {"shipping", "source", "statement_descriptor", "statement_descriptor_suffix"})
        intent[member] = nullptr;
    intent["status"] = "requires_payment_method";
    intent["transfer_data"] = nullptr;
    intent["transfer_group"] = nullptr;
    intent["_invoice"] = request.invoice;
    return intent;
}

Confirmation confirm_payment_intent(Context& ctx, Json intent, const std::string& payment_method,
                                    PaymentSession session, OnChallenge on_challenge) {
    auto method = ctx.find("payment_method", payment_method);
    const TestCard* card = card_of(method);
    const bool is_debit = method && bank_account_of(*method) != nullptr;
    if (card == nullptr && !is_debit) {
        StripeError missing =
            no_such_param("PaymentMethod", payment_method, "payment_method").error();
        return {std::move(intent), std::move(missing)};
    }
    intent["payment_method"] = payment_method;
    intent["_off_session"] = session == PaymentSession::OffSession;
    if (is_debit) return debit_intent(ctx, std::move(intent), *method);
    *method = with_checked_code(ctx, *method);
    if (!has_answered(intent, *method) && asks_cardholder(*card, *method, session)) {
        if (session == PaymentSession::OffSession || on_challenge == OnChallenge::Decline)
            return decline_intent(ctx, std::move(intent), *method, authentication_required());
        return ask_cardholder(ctx, std::move(intent));
    }
    if (card->on_charge != nullptr)
        return decline_intent(ctx, std::move(intent), *method, *card->on_charge);
    return charge_intent(ctx, std::move(intent), *method);
}

Confirmation authenticate_payment_intent(Context& ctx, Json intent, Authenticated outcome) {
    auto method = ctx.find("payment_method", text_of(intent, "payment_method"));
    const TestCard* card = card_of(method);
    if (card == nullptr) {
        StripeError missing =
            no_such_param("PaymentMethod", text_of(intent, "payment_method"), "payment_method")
                .error();
        return {std::move(intent), std::move(missing)};
    }
    if (outcome == Authenticated::No) {
        static constexpr Decline kFailed{
            "payment_intent_authentication_failure", "", "", "",
            "The provided PaymentMethod has failed authentication. You can provide "
            "payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent "
            "again."};
        return decline_intent(ctx, std::move(intent), *method, kFailed);
    }
    (*method)["_authenticated"] = true;
    ctx.put(*method);
    if (text_of(intent, "confirmation_method") == "manual") {
        intent["_answered_for"] = method->at("id");
        intent["next_action"] = nullptr;
        intent["status"] = "requires_confirmation";
        ctx.put(intent);
        return {std::move(intent), std::nullopt};
    }
    if (card->on_charge != nullptr)
        return decline_intent(ctx, std::move(intent), *method, *card->on_charge);
    return charge_intent(ctx, std::move(intent), *method);
}

std::optional<Refusal> capture_problem(const Json& intent, std::int64_t amount,
                                       const std::string& param) {
    if (amount < 1)
        return bad_param(param, "parameter_invalid_integer",
                         "This value must be greater than or equal to 1.");
    if (amount > integer_of(intent, "amount_capturable"))
        return bad_param(param, "amount_too_large",
                         "The payment could not be captured because the requested capture amount "
                         "is greater than the authorized amount.");
    if (auto problem = partial_capture_problem(intent, amount, param)) return problem;
    return fraction_problem(amount, text_of(intent, "currency"), param);
}

Json capture_payment_intent(Context& ctx, Json intent, std::int64_t amount) {
    const std::string charge = text_of(intent, "latest_charge");
    end_authorization(ctx, intent);
    capture_charge(ctx, charge, amount);
    dispute_as_card_says(ctx, charge);
    intent["amount_capturable"] = 0;
    intent["amount_received"] = amount;
    intent["status"] = "succeeded";
    ctx.put(intent);
    ctx.emit("payment_intent.succeeded", intent);
    return intent;
}

Json cancel_payment_intent(Context& ctx, Json intent, const std::string& reason) {
    const std::string status = text_of(intent, "status");
    // A debit that is on its way to the bank cannot be stopped.
    if (status == "succeeded" || status == "canceled" || status == "processing") return intent;
    if (status == "requires_capture") {
        end_authorization(ctx, intent);
        release_charge(ctx, text_of(intent, "latest_charge"), "charge.refunded");
    }
    return end_payment_intent(ctx, std::move(intent), reason);
}

}  // namespace turnpike::twin
