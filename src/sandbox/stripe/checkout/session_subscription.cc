#include "sandbox/stripe/checkout/session_subscription.h"

#include <utility>

#include "base/check.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/cards/payment_methods.h"
#include "sandbox/stripe/cards/setup_intents.h"
#include "sandbox/stripe/checkout/session_completion.h"
#include "sandbox/stripe/checkout/session_document.h"
#include "sandbox/stripe/checkout/session_lines.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/invoices/invoices.h"
#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/subscriptions/subscriptions.h"
#include "sandbox/stripe/subscriptions/subscriptions_params.h"

namespace turnpike::twin {
namespace {

Json stored_session(Context& ctx, const Json& session) {
    auto found = ctx.find(kSessionKind, text_of(session, "id"));
    check(found.has_value(), "a session is never removed");
    return *std::move(found);
}

/// What POST /v1/subscriptions is asked for.
Json subscription_form(const Json& session, const std::string& method) {
    Json form = session.at("_subscription");
    form["customer"] = session.at("customer");
    if (!method.empty()) form["default_payment_method"] = method;
    if (const Json& discount = part_of(session, "_discount"); !discount.empty())
        form["discounts"]["0"] = discount;
    for (const Json& line : lines_of(session)) {
        Json& list = form[is_recurring_price(line.at("price")) ? "items" : "add_invoice_items"];
        Json& entry = list[std::to_string(list.size())];
        entry["price"] = line.at("price").at("id");
        if (line.at("quantity").is_number())
            entry["quantity"] = std::to_string(integer_of(line, "quantity"));
        if (is_recurring_price(line.at("price"))) entry["metadata"] = line.at("metadata");
    }
    return form;
}

StripeError failure_of(const Json& intent) {
    const Json& last = part_of(intent, "last_payment_error");
    StripeError error =
        card_error(text_of(last, "code"), text_of(last, "decline_code"), text_of(last, "message"))
            .error();
    error.extra = Json::object();
    error.extra["payment_intent"] = visible(intent);
    return error;
}

/// The first invoice is not paid: the bank asks, or has refused.
Outcome<PaymentStep> step_of_unpaid(Context& ctx, const Json& session, const Json& subscription) {
    const auto invoice = ctx.find("invoice", text_of(subscription, "latest_invoice"));
    check(invoice.has_value(), "a subscription has a first invoice");
    auto intent = ctx.find("payment_intent", text_of(*invoice, "_payment_intent"));
    check(intent.has_value(), "an invoice that is to be paid has a PaymentIntent");
    if (text_of(*intent, "status") != "requires_action") {
        ctx.keep_effects();
        return Refusal(failure_of(*intent));
    }
    (*intent)["_return_url"] = page_of(ctx, session);
    (*intent)["next_action"]["redirect_to_url"]["return_url"] = page_of(ctx, session);
    std::string bank_page = bank_page_of(*intent);
    ctx.put(*intent);
    return PaymentStep{session, std::move(bank_page)};
}

Outcome<PaymentStep> start_subscription(Context& ctx, Json session, const std::string& method) {
    const auto made = create_sold_subscription(ctx, subscription_form(session, method));
    if (!made) return Refusal(made.error());
    session["_parent"] = made->at("id");
    ctx.put(session);
    if (text_of(*made, "status") == "incomplete") return step_of_unpaid(ctx, session, *made);
    return PaymentStep{finish_subscribing(ctx, std::move(session)), ""};
}

Outcome<PaymentStep> pay_again(Context& ctx, Json session, Json subscription, const Json& method) {
    subscription["default_payment_method"] = method.at("id");
    update_subscription_document(ctx, subscription);
    auto invoice = ctx.find("invoice", text_of(subscription, "latest_invoice"));
    check(invoice.has_value(), "a subscription has a first invoice");
    const AttemptResult result = attempt_payment(
        ctx, *std::move(invoice),
        {PaymentSession::OnSession, AttemptReason::Requested, text_of(method, "id")});
    if (result.kind == AttemptResult::Kind::Processing)
        return PaymentStep{finish_subscribing(ctx, stored_session(ctx, session)), ""};
    if (result.kind != AttemptResult::Kind::Paid) return step_of_unpaid(ctx, session, subscription);
    return PaymentStep{stored_session(ctx, session), ""};
}

/// Nothing is due today, so nothing but this would ask the bank.
Outcome<PaymentStep> set_up_first(Context& ctx, Json session, const Json& method) {
    auto intent = ctx.find(kSetupIntentKind, text_of(session, "_parent"));
    if (!intent) {
        intent = new_setup_intent(ctx, text_of(session, "customer"));
        (*intent)["payment_method_types"] = session.at("payment_method_types");
        (*intent)["_checkout"] = session.at("id");
        ctx.put(*intent);
        ctx.emit("setup_intent.created", *intent);
        session["_parent"] = intent->at("id");
        ctx.put(session);
    }
    (*intent)["_return_url"] = page_of(ctx, session);
    const SetupConfirmation confirmed = confirm_setup_intent(ctx, *std::move(intent), method);
    if (confirmed.error) {
        ctx.keep_effects();
        return Refusal(*confirmed.error);
    }
    Json now_is = stored_session(ctx, session);
    const Json& notice = part_of(now_is, "_notice");
    if (text_of(confirmed.intent, "status") == "succeeded" && is_session_open(now_is))
        return bad_param("", "", text_of(notice, "text"));
    return PaymentStep{std::move(now_is), bank_page_of(confirmed.intent)};
}

std::optional<Json> incomplete_subscription(Context& ctx, const Json& session) {
    auto found = ctx.find("subscription", text_of(session, "_parent"));
    if (!found || text_of(*found, "status") != "incomplete") return std::nullopt;
    return found;
}

}  // namespace

Outcome<PaymentStep> subscribe(Context& ctx, Json session, const std::optional<Json>& method) {
    if (!method) return start_subscription(ctx, std::move(session), "");
    if (integer_of(session, "amount_total") == 0)
        return set_up_first(ctx, std::move(session), *method);
    const auto kept = attach_payment_method(ctx, *method, text_of(session, "customer"));
    if (!kept) return Refusal(kept.error());
    if (auto begun = incomplete_subscription(ctx, session))
        return pay_again(ctx, std::move(session), *std::move(begun), *kept);
    return start_subscription(ctx, std::move(session), text_of(*kept, "id"));
}

void drop_incomplete(Context& ctx, Json& session) {
    const auto begun = incomplete_subscription(ctx, session);
    if (!begun) return;
    auto invoice = ctx.find("invoice", text_of(*begun, "latest_invoice"));
    check(invoice.has_value(), "a subscription has a first invoice");
    // Without its first invoice it expires.
    const auto voided = void_invoice(ctx, *std::move(invoice));
    check(voided.has_value(), "the invoice of an incomplete subscription is open");
    session["_parent"] = "";
}

void subscribe_after_setup(Context& ctx, Json session, const Json& setup_intent) {
    Retreat start(ctx);
    const auto step = start_subscription(ctx, session, text_of(setup_intent, "payment_method"));
    if (!step) {
        start.undo();
        session["_notice"]["text"] = step.error().message;
        ctx.put(session);
    }
    start.close();
}

Json finish_subscribing(Context& ctx, Json session) {
    const auto subscription = ctx.find("subscription", text_of(session, "_parent"));
    check(subscription.has_value(), "a subscription is never removed");
    session["subscription"] = subscription->at("id");
    session["invoice"] = subscription->at("latest_invoice");
    const auto invoice = ctx.find("invoice", text_of(session, "invoice"));
    check(invoice.has_value(), "a subscription has a first invoice");
    session["_settles_later"] = awaits_bank(ctx, *invoice);
    if (text_of(*invoice, "status") == "paid" && integer_of(session, "amount_total") > 0)
        session["payment_status"] = "paid";
    return complete_session(ctx, std::move(session));
}

}  // namespace turnpike::twin
