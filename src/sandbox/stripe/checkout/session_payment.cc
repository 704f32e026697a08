#include "sandbox/stripe/checkout/session_payment.h"

#include <algorithm>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/cards/payment_methods.h"
#include "sandbox/stripe/cards/setup_intents.h"
#include "sandbox/stripe/checkout/session_completion.h"
#include "sandbox/stripe/checkout/session_discounts.h"
#include "sandbox/stripe/checkout/session_document.h"
#include "sandbox/stripe/checkout/session_invoice.h"
#include "sandbox/stripe/checkout/session_subscription.h"
#include "sandbox/stripe/checkout/typed_amounts.h"
#include "sandbox/stripe/customers/customers.h"
#include "sandbox/stripe/payments/payment_intents.h"

namespace turnpike::twin {
namespace {

Refusal method_missing() {
    return bad_param("payment_method", "parameter_missing",
                     "Missing required param: payment_method.");
}

/// The session's customer learns the e-mail that it lacks, and the name where that was asked for.
void inform_customer(Context& ctx, const Json& session) {
    const Json& typed = session.at("_typed");
    auto customer = ctx.find("customer", text_of(session, "customer"));
    if (!customer) return;
    if (text_of(*customer, "email").empty()) (*customer)["email"] = typed.at("email");
    if (flag_of(part_of(session, "_update"), "name") && typed.at("name").is_string())
        (*customer)["name"] = typed.at("name");
    ctx.update_and_emit("customer.updated", *customer);
}

bool needs_customer(const Json& session) {
    return text_of(session, "customer_creation") == "always" || creates_invoice(session) ||
           !text_of(part_of(session, "_payment"), "setup_future_usage").empty();
}

/// Sets session["customer"] where one is wanted and none is known yet.
std::optional<StripeError> provide_customer(Context& ctx, Json& session) {
    if (!text_of(session, "customer").empty()) {
        inform_customer(ctx, session);
        return std::nullopt;
    }
    if (!needs_customer(session)) return std::nullopt;
    const Json& typed = session.at("_typed");
    Json form = Json::object();
    for (const char* member : {"email", "name"})
        if (typed.at(member).is_string()) form[member] = typed.at(member);
    const auto customer = make_customer(ctx, form);
    if (!customer) return customer.error();
    session["customer"] = customer->at("id");
    return std::nullopt;
}

Json typed_by(const Json& session, const Payer& payer, const std::optional<Json>& method) {
    static const Json kNothing = Json::object();
    const Json& details = method ? part_of(*method, "billing_details") : kNothing;
    std::string email = text_of(session, "customer_email");
    if (email.empty()) email = payer.email;
    if (email.empty()) email = text_of(details, "email");
    Json typed;
    typed["email"] = text_or_null(email);
    typed["name"] = details.value("name", Json());
    typed["phone"] = details.value("phone", Json());
    typed["address"] = details.value("address", Json());
    return typed;
}

/// The payment method that is to pay: of a type that the session takes, and nobody else's.
Outcome<std::optional<Json>> method_of(Context& ctx, const Json& session, const Payer& payer) {
    if (!wants_payment_method(session)) return std::nullopt;
    if (payer.payment_method.empty()) return method_missing();
    auto method = resolve_payment_method(ctx, payer.payment_method, "payment_method");
    if (!method) return Refusal(method.error());
    const std::string owner = text_of(*method, "customer");
    if (!owner.empty() && owner != text_of(session, "customer"))
        return bad_param("payment_method", "",
                         "The provided PaymentMethod was previously used or attached to another "
                         "customer. It may not be used again.");
    const Json& types = session.at("payment_method_types");
    const std::string type = text_of(*method, "type");
    if (std::ranges::find(types, Json(type)) == types.end())
        return bad_param(
            "payment_method", "",
            "The PaymentMethod provided (" + type + ") is not allowed for this Checkout Session.");
    if (const std::string redisplay = text_of(session, "_allow_redisplay"); !redisplay.empty()) {
        (*method)["allow_redisplay"] = redisplay;
        ctx.put(*method);
    }
    return std::optional(*std::move(method));
}

Json new_intent(Context& ctx, Json& session) {
    NewPaymentIntent request;
    request.amount = integer_of(session, "amount_total");
    request.currency = text_of(session, "currency");
    request.customer = text_of(session, "customer");
    Json intent = new_payment_intent(ctx, request);
    intent["payment_method_types"] = session.at("payment_method_types");
    intent.update(session.at("_payment"));
    intent["_checkout"] = session.at("id");
    ctx.put(intent);
    ctx.emit("payment_intent.created", intent);
    session["payment_intent"] = intent.at("id");
    session["_parent"] = intent.at("id");
    ctx.put(session);
    return intent;
}

PaymentStep step_after(Context& ctx, const Json& session, const Json& intent) {
    return {*ctx.find(kSessionKind, text_of(session, "id")), bank_page_of(intent)};
}

Outcome<PaymentStep> pay_once(Context& ctx, Json session, const std::optional<Json>& method) {
    if (auto error = check_session_discount(ctx, session)) return Refusal(*std::move(error));
    if (!method) {
        bill_session(ctx, session);
        return PaymentStep{complete_session(ctx, std::move(session)), ""};
    }
    auto intent = ctx.find("payment_intent", text_of(session, "payment_intent"));
    if (!intent) intent = new_intent(ctx, session);
    (*intent)["customer"] = session.at("customer");
    (*intent)["_return_url"] = page_of(ctx, session);
    Confirmation confirmed = confirm_payment_intent(ctx, *std::move(intent), text_of(*method, "id"),
                                                    PaymentSession::OnSession);
    if (!confirmed.error) return step_after(ctx, session, confirmed.intent);
    ctx.keep_effects();
    return Refusal(*std::move(confirmed.error));
}

Outcome<PaymentStep> save_method(Context& ctx, Json session, const Json& method) {
    auto intent = ctx.find(kSetupIntentKind, text_of(session, "setup_intent"));
    (*intent)["customer"] = session.at("customer");
    (*intent)["_return_url"] = page_of(ctx, session);
    SetupConfirmation confirmed = confirm_setup_intent(ctx, *std::move(intent), method);
    if (!confirmed.error) return step_after(ctx, session, confirmed.intent);
    ctx.keep_effects();
    return Refusal(*std::move(confirmed.error));
}

}  // namespace

std::string bank_page_of(const Json& intent) {
    return text_of(part_of(part_of(intent, "next_action"), "redirect_to_url"), "url");
}

bool wants_payment_method(const Json& session) {
    const bool always = text_of(session, "payment_method_collection") == "always";
    return always || takes_amount(session) || integer_of(session, "amount_total") > 0;
}

void forget_attempt(Context& ctx, Json& session) {
    drop_incomplete(ctx, session);
    auto intent = ctx.find("payment_intent", text_of(session, "payment_intent"));
    if (!intent) return;
    if (integer_of(session, "amount_total") == 0) {
        cancel_payment_intent(ctx, *std::move(intent), "");
        session["payment_intent"] = nullptr;
        session["_parent"] = "";
        return;
    }
    (*intent)["amount"] = session.at("amount_total");
    (*intent)["next_action"] = nullptr;
    (*intent)["payment_method"] = nullptr;
    (*intent)["status"] = "requires_payment_method";
    ctx.put(*intent);
}

Outcome<PaymentStep> pay_session(Context& ctx, Json session, const Payer& payer) {
    const auto method = method_of(ctx, session, payer);
    if (!method) return Refusal(method.error());
    session["_typed"] = typed_by(session, payer, *method);
    if (auto error = provide_customer(ctx, session)) return Refusal(*std::move(error));
    ctx.put(session);
    const std::string mode = text_of(session, "mode");
    if (mode == "setup") return save_method(ctx, std::move(session), **method);
    if (mode == "payment") return pay_once(ctx, std::move(session), *method);
    return subscribe(ctx, std::move(session), *method);
}

}  // namespace turnpike::twin
