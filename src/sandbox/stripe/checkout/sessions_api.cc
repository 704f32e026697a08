#include <array>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/cards/setup_intents.h"
#include "sandbox/stripe/checkout/checkout.h"
#include "sandbox/stripe/checkout/session_completion.h"
#include "sandbox/stripe/checkout/session_document.h"
#include "sandbox/stripe/checkout/session_lines.h"
#include "sandbox/stripe/checkout/session_params.h"
#include "sandbox/stripe/checkout/session_payment.h"
#include "sandbox/stripe/checkout/typed_amounts.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

Outcome<Json> require_session(Operation& operation) {
    const std::string& id = operation.path("session");
    auto session = operation.ctx.find(kSessionKind, id);
    if (session) return *std::move(session);
    auto refusal = no_such_object("checkout.session", id);
    refusal.error().param = "session";
    return refusal;
}

/// In mode `setup` the intent is there from the beginning.
void make_setup_intent(Context& ctx, Json& session) {
    Json intent = new_setup_intent(ctx, text_of(session, "customer"));
    intent["_checkout"] = session.at("id");
    intent["payment_method_types"] = session.at("payment_method_types");
    intent.update(session.at("_setup"));
    ctx.put(intent);
    ctx.emit("setup_intent.created", intent);
    session["setup_intent"] = intent.at("id");
    session["_parent"] = intent.at("id");
}

Answer create_checkout(Operation& operation) {
    Context& ctx = operation.ctx;
    auto session = read_new_session(ctx, operation.params);
    if (!session) return session;
    std::optional<Json> customer;
    if (const std::string id = text_of(*session, "customer"); !id.empty()) {
        auto found = require_customer(ctx, id, "customer");
        if (!found) return found;
        customer = *std::move(found);
    }
    if (customer || !text_of(*session, "customer_email").empty())
        (*session)["customer_details"] = known_details(*session, customer);
    if (text_of(*session, "mode") == "setup") make_setup_intent(ctx, *session);
    ctx.put(*session);
    ctx.put_due(*session, instant_of(*session, "expires_at"), "");
    return session;
}

Answer get_session(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    return require_session(operation);
}

Answer update_session(Operation& operation) {
    Params& params = operation.params;
    const auto metadata = params.metadata();
    for (const char* name : {"collected_information", "line_items", "shipping_options"})
        params.refuse(name, "This sandbox changes only the metadata of a checkout session.");
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    auto session = require_session(operation);
    if (!session) return session;
    merge_metadata(*session, metadata);
    operation.ctx.put(*session);
    return session;
}

Answer list_sessions(Operation& operation) {
    Params& params = operation.params;
    ListFilter filter;
    filter.customer = params.text("customer").value_or("");
    filter.status = params.one_of("status", {"complete", "expired", "open"}).value_or("");
    const std::string intent = params.text("payment_intent").value_or("");
    const std::string subscription = params.text("subscription").value_or("");
    std::string email;
    if (auto details = params.object("customer_details")) {
        email = details->required_text("email");
        params.absorb(*details);
    }
    params.refuse("customer_account", "This sandbox has no accounts as customers.");
    params.refuse("payment_link", "This sandbox has no payment links.");
    read_created(params, filter);
    return list_objects(operation, kSessionKind, filter, [&](const Json& session) {
        return (intent.empty() || text_of(session, "payment_intent") == intent) &&
               (subscription.empty() || text_of(session, "subscription") == subscription) &&
               (email.empty() || text_of(part_of(session, "customer_details"), "email") == email);
    });
}

Answer list_sold_lines(Operation& operation) {
    auto session = require_session(operation);
    if (!session) return session;
    const Json& lines = lines_of(*session);
    return list_page(operation, operation.url, {lines.begin(), lines.end()});
}

Answer expire_checkout(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto session = require_session(operation);
    if (!session) return session;
    if (!is_session_open(*session))
        return bad_param("", "",
                         "Only Checkout Sessions with a status in [\"open\"] can be expired. This "
                         "Checkout Session has a status of `" +
                             text_of(*session, "status") + "`.");
    return expire_session(operation.ctx, *std::move(session));
}

/// What only an open session's page does.
Outcome<Json> require_payable(Operation& operation) {
    auto session = require_session(operation);
    if (!session || is_payable(*session, operation.ctx.now())) return session;
    if (text_of(*session, "status") == "complete")
        return bad_param("", "checkout_succeeded_session",
                         "This Checkout Session has already been processed.");
    return bad_param("", "checkout_not_active_session",
                     "This Checkout Session is no longer active.");
}

Answer confirm_page(Operation& operation) {
    Payer payer;
    payer.payment_method = operation.params.text("payment_method").value_or("");
    const auto expected = operation.params.integer("expected_amount");
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto session = require_payable(operation);
    if (!session) return session;
    if (takes_amount(*session)) {
        // Who pays without the page chooses by what they expect to pay.
        const auto chosen = expected.value_or(integer_of(*session, "amount_total"));
        if (auto error = choose_amount(operation.ctx, *session, chosen)) {
            error->param = "expected_amount";
            return Refusal(*std::move(error));
        }
    }
    if (expected && *expected != integer_of(*session, "amount_total"))
        return bad_param("expected_amount", "checkout_amount_mismatch",
                         "The amount of this Checkout Session is " +
                             std::to_string(integer_of(*session, "amount_total")) + ", not " +
                             std::to_string(*expected) + ".");
    auto step = pay_session(operation.ctx, *std::move(session), payer);
    if (!step) return Refusal(step.error());
    return std::move(step->session);
}

constexpr auto kCheckoutRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/checkout/sessions", create_checkout},
    {"GET", "/v1/checkout/sessions", list_sessions},
    {"GET", "/v1/checkout/sessions/{session}", get_session},
    {"POST", "/v1/checkout/sessions/{session}", update_session},
    {"POST", "/v1/checkout/sessions/{session}/expire", expire_checkout},
    {"GET", "/v1/checkout/sessions/{session}/line_items", list_sold_lines},
    {"GET", "/v1/payment_pages/{session}", get_session},
    {"POST", "/v1/payment_pages/{session}/confirm", confirm_page},
});

constexpr auto kCheckoutExpandables = std::to_array<Expandable>({
    {"checkout.session", "customer", "customer"},
    {"checkout.session", "invoice", "invoice"},
    {"checkout.session", "payment_intent", "payment_intent"},
    {"checkout.session", "setup_intent", "setup_intent"},
    {"checkout.session", "subscription", "subscription"},
});

constexpr auto kCheckoutIncludables = std::to_array<Includable>({
    {"checkout.session", "line_items", stored_member<"line_items">},
});

constexpr auto kCheckoutSteps = std::to_array<EngineStep>({
    {kSessionKind, sure_step<expire_due_session>},
});

constexpr auto kCheckoutListeners = std::to_array<EventListener>({
    {"payment_intent.", follow_payment_intent},
    {"setup_intent.succeeded", follow_setup_intent},
    {"invoice.payment_failed", follow_invoice},
    {"invoice.payment_succeeded", follow_invoice},
});

}  // namespace

const Feature& checkout_feature() {
    static constexpr Feature kFeature{.operations = kCheckoutRoutes,
                                      .expandables = kCheckoutExpandables,
                                      .includables = kCheckoutIncludables,
                                      .steps = kCheckoutSteps,
                                      .listeners = kCheckoutListeners};
    return kFeature;
}

}  // namespace turnpike::twin
