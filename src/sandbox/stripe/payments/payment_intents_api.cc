#include <array>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/cards/method_options.h"
#include "sandbox/stripe/cards/payment_methods.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/core/list_owner.h"
#include "sandbox/stripe/core/occurrences.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/payments/authorizations.h"
#include "sandbox/stripe/payments/bank_debits.h"
#include "sandbox/stripe/payments/charges.h"
#include "sandbox/stripe/payments/intent_owners.h"
#include "sandbox/stripe/payments/intent_settings.h"
#include "sandbox/stripe/payments/intent_states.h"
#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/checked_fields.h"
#include "sandbox/stripe/wire/fields.h"
#include "sandbox/stripe/wire/inert_parameters.h"

namespace turnpike::twin {
namespace {

Outcome<Json> require_intent(Operation& operation) {
    const std::string& id = operation.path("intent");
    auto intent = operation.ctx.find("payment_intent", id);
    if (intent) return *std::move(intent);
    auto refusal = no_such_object("payment_intent", id);
    refusal.error().param = "intent";
    return refusal;
}

/// How the intent is to be confirmed, as create and confirm read it.
struct ConfirmRequest {
    PaymentSession session = PaymentSession::OnSession;
    std::optional<std::string> return_url;
    OnChallenge on_challenge = OnChallenge::Ask;
};

ConfirmRequest read_confirm(Params& params) {
    ConfirmRequest request;
    const auto off_session =
        params.one_of("off_session", {"true", "false", "1", "0", "one_off", "recurring"})
            .value_or("false");
    if (off_session != "false" && off_session != "0") request.session = PaymentSession::OffSession;
    request.return_url = read_return_url(params);
    if (params.boolean("error_on_requires_action").value_or(false))
        request.on_challenge = OnChallenge::Decline;
    ignore_object(params, "radar_options", {"session"});
    for (const char* hint : {"mandate_data", "use_stripe_sdk"}) params.ignore(hint);
    return request;
}

/// Without the customer nobody comes back: docs.stripe.com/payments/save-and-reuse.
std::optional<StripeError> way_back_problem(const Json& intent, const ConfirmRequest& request) {
    if (request.session == PaymentSession::OffSession) return std::nullopt;
    return return_problem(intent, request.return_url, "PaymentIntent");
}

Answer confirm_as_asked(Context& ctx, Json intent, const ConfirmRequest& request) {
    const std::string id = text_of(intent, "payment_method");
    if (id.empty()) return lacks_payment_method(intent);
    const bool off_session = request.session == PaymentSession::OffSession;
    if (off_session && !text_of(intent, "setup_future_usage").empty())
        return with_intent(bad_param("off_session", "",
                                     "You cannot confirm with `off_session=true` when "
                                     "`setup_future_usage` is also set on the PaymentIntent. The "
                                     "customer needs to be on-session to perform the steps which "
                                     "may be required to set up the PaymentMethod for future "
                                     "usage. Please confirm this PaymentIntent with your customer "
                                     "on-session.")
                               .error(),
                           intent);
    const auto method = resolve_payment_method(ctx, id, "payment_method");
    if (!method) return Refusal(method.error());
    if (auto error = check_method(intent, *method)) return Refusal(*std::move(error));
    if (request.return_url) intent["_return_url"] = *request.return_url;
    Confirmation confirmed =
        confirm_payment_intent(ctx, std::move(intent), id, request.session, request.on_challenge);
    tell_listeners(ctx, kPaymentIntentChanged, confirmed.intent);
    if (!confirmed.error) return std::move(confirmed.intent);
    ctx.keep_effects();
    return Refusal(*std::move(confirmed.error));
}

Answer create_intent(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    IntentSettings settings = read_intent_settings(ctx, params, IntentRequest::Create);
    Json automatic = read_automatic_methods(params);
    const bool confirms = params.boolean("confirm").value_or(false);
    const auto confirmation_method = params.one_of("confirmation_method", {"automatic", "manual"});
    const ConfirmRequest confirm = read_confirm(params);
    if (!confirms)
        refuse_without_confirm(
            params, "PaymentIntent",
            {"error_on_requires_action", "mandate_data", "off_session", "return_url"});
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    if (!settings.amount) return missing_param("amount");

    NewPaymentIntent request;
    request.amount = *settings.amount;
    request.currency = *settings.currency;
    request.customer = settings.customer.value_or("");
    Json intent = new_payment_intent(ctx, request);
    if (confirmation_method) intent["confirmation_method"] = *confirmation_method;
    if (settings.payment_method && settings.payment_method->empty())
        settings.payment_method.reset();
    if (auto problem = apply_intent_settings(ctx, intent, settings)) {
        if (problem->extra.is_object()) problem->extra.erase("payment_intent");  // there is none
        return Refusal(*std::move(problem));
    }
    intent["automatic_payment_methods"] = std::move(automatic);
    if (confirms)
        if (auto problem = way_back_problem(intent, confirm)) return Refusal(*std::move(problem));
    ctx.put(intent);
    ctx.emit("payment_intent.created", intent);
    if (!confirms) return intent;
    return confirm_as_asked(ctx, std::move(intent), confirm);
}

Answer get_intent(Operation& operation) {
    const auto secret = operation.params.text("client_secret");
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto intent = require_intent(operation);
    if (intent && secret && *secret != text_of(*intent, "client_secret"))
        return no_such_object("payment_intent", text_of(*intent, "id"));
    return intent;
}

Answer update_intent(Operation& operation) {
    Context& ctx = operation.ctx;
    const auto settings = read_intent_settings(ctx, operation.params, IntentRequest::Update);
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto intent = require_intent(operation);
    if (!intent) return intent;
    if (auto problem = apply_intent_settings(ctx, *intent, settings))
        return Refusal(*std::move(problem));
    ctx.put(*intent);
    return intent;
}

Answer confirm_intent(Operation& operation) {
    Context& ctx = operation.ctx;
    const auto settings = read_intent_settings(ctx, operation.params, IntentRequest::Confirm);
    const ConfirmRequest request = read_confirm(operation.params);
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto intent = require_intent(operation);
    if (!intent) return intent;
    if (!is_unconfirmed(*intent)) return cannot_confirm(*intent);
    if (auto problem = checkout_problem(*intent)) return *std::move(problem);
    if (auto problem = other_payment_problem(ctx, *intent)) return *std::move(problem);
    if (!settings.method_types)
        if (auto problem = way_back_problem(*intent, request))
            return with_intent(*std::move(problem), *intent);
    if (auto problem = apply_intent_settings(ctx, *intent, settings))
        return Refusal(*std::move(problem));
    return confirm_as_asked(ctx, *std::move(intent), request);
}

Answer capture_intent(Operation& operation) {
    Context& ctx = operation.ctx;
    const auto amount = operation.params.integer("amount_to_capture");
    const auto metadata = operation.params.metadata();
    if (!operation.params.boolean("final_capture").value_or(true))
        operation.params.complain(bad_param("final_capture", "",
                                            "This sandbox captures a payment once: it does not "
                                            "know `final_capture=false`."));
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto intent = require_intent(operation);
    if (!intent) return intent;
    if (text_of(*intent, "status") != "requires_capture") return cannot_capture(*intent);
    if (auto problem = other_payment_problem(ctx, *intent)) return *std::move(problem);
    const std::int64_t authorized = integer_of(*intent, "amount_capturable");
    const std::int64_t captured = amount.value_or(authorized);
    if (auto problem = capture_problem(*intent, captured, "amount_to_capture")) return *problem;
    merge_metadata(*intent, metadata);
    return capture_payment_intent(ctx, *std::move(intent), captured);
}

Answer cancel_intent(Operation& operation) {
    const auto reason = operation.params.one_of(
        "cancellation_reason", {"abandoned", "duplicate", "fraudulent", "requested_by_customer"});
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto intent = require_intent(operation);
    if (!intent) return intent;
    const std::string status = text_of(*intent, "status");
    if (status == "succeeded" || status == "canceled" || status == "processing")
        return cannot_cancel(*intent);
    if (auto problem = invoice_problem(*intent)) return *std::move(problem);
    if (auto problem = checkout_problem(*intent)) return *std::move(problem);
    return cancel_payment_intent(operation.ctx, *std::move(intent), reason.value_or(""));
}

Answer list_intents(Operation& operation) {
    ListFilter filter;
    filter.customer = operation.params.text("customer").value_or("");
    read_created(operation.params, filter);
    if (const auto refusal = unknown_owner(operation.ctx, "customer", filter.customer))
        operation.params.complain(*refusal);
    return list_objects(operation, "payment_intent", filter);
}

constexpr auto kPaymentRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/payment_intents", create_intent},
    {"GET", "/v1/payment_intents", list_intents},
    {"GET", "/v1/payment_intents/{intent}", get_intent},
    {"POST", "/v1/payment_intents/{intent}", update_intent},
    {"POST", "/v1/payment_intents/{intent}/confirm", confirm_intent},
    {"POST", "/v1/payment_intents/{intent}/capture", capture_intent},
    {"POST", "/v1/payment_intents/{intent}/cancel", cancel_intent},
    {"GET", "/v1/charges", list_charges},
    {"GET", "/v1/charges/{charge}", get_charge},
    {"POST", "/v1/charges/{charge}", update_charge},
    {"POST", "/v1/charges/{charge}/capture", capture_of_charge},
    {"POST", "/v1/refunds", create_refund},
    {"GET", "/v1/refunds", list_refunds},
    {"GET", "/v1/refunds/{refund}", get_refund},
    {"POST", "/v1/refunds/{refund}", update_refund},
    {"POST", "/v1/refunds/{refund}/cancel", cancel_refund},
});

constexpr auto kPaymentExpandables = std::to_array<Expandable>({
    {"payment_intent", "application", "application"},
    {"payment_intent", "customer", "customer"},
    {"payment_intent", "latest_charge", "charge"},
    {"payment_intent", "on_behalf_of", "account"},
    {"payment_intent", "payment_method", "payment_method"},
    {"payment_intent", "review", "review"},
    {"charge", "application", "application"},
    {"charge", "balance_transaction", "balance_transaction"},
    {"charge", "customer", "customer"},
    {"charge", "dispute", "dispute"},
    {"charge", "failure_balance_transaction", "balance_transaction"},
    {"charge", "on_behalf_of", "account"},
    {"charge", "payment_intent", "payment_intent"},
    {"charge", "review", "review"},
    {"refund", "balance_transaction", "balance_transaction"},
    {"refund", "charge", "charge"},
    {"refund", "failure_balance_transaction", "balance_transaction"},
    {"refund", "payment_intent", "payment_intent"},
});

Json charge_refunds(Context& ctx, const Json& charge) {
    const auto id = text_of(charge, "id");
    return visible(
        complete_list("/v1/charges/" + id + "/refunds", ctx.list("refund", {.parent = id})));
}

/// The bank's answer to a debit, or the end of an authorization.
void take_intent_step(Context& ctx, Json intent) {
    if (text_of(intent, "status") == "requires_capture")
        expire_authorization(ctx, std::move(intent));
    else
        settle_debit(ctx, std::move(intent));
}

constexpr auto kPaymentSteps = std::to_array<EngineStep>({
    {"payment_intent", sure_step<take_intent_step>},
});

constexpr auto kPaymentIncludables = std::to_array<Includable>({
    {"charge", "refunds", charge_refunds},
});

}  // namespace

const Feature& payment_feature() {
    static constexpr Feature kFeature{.operations = kPaymentRoutes,
                                      .expandables = kPaymentExpandables,
                                      .includables = kPaymentIncludables,
                                      .steps = kPaymentSteps};
    return kFeature;
}

}  // namespace turnpike::twin
