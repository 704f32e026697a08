#include <algorithm>
#include <array>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/cards/payment_methods.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/disputes/disputes.h"
#include "sandbox/stripe/payments/bank_debits.h"
#include "sandbox/stripe/payments/charges.h"
#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/fields.h"

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

std::optional<Refusal> amount_problem(std::int64_t amount, const std::string& currency) {
    if (amount > kAmountMax) return amount_too_large("amount", currency);
    if (amount >= minimum_charge(currency)) return std::nullopt;
    return bad_param(
        "amount", amount < 1 ? "parameter_invalid_integer" : "amount_too_small",
        "The amount must be greater than or equal to the minimum charge amount allowed for "
        "your account and the currency set "
        "(https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).  If you want "
        "to save a Payment Method for future use without an immediate payment, use a Setup "
        "Intent instead: https://docs.stripe.com/payments/setup-intents");
}

StripeError unexpected_state(const Json& intent, const std::string& what) {
    StripeError error;
    error.code = "payment_intent_unexpected_state";
    error.message = "This PaymentIntent's " + what + " because it has a status of " +
                    text_of(intent, "status") + ".";
    error.extra = Json::object();
    error.extra["payment_intent"] = visible(intent);
    return error;
}

/// How the intent is to be confirmed, as create and confirm read it.
struct ConfirmRequest {
    std::string payment_method;
    PaymentSession session = PaymentSession::OnSession;
    std::optional<std::string> return_url;
    bool error_on_requires_action = false;
};

ConfirmRequest read_confirm(Params& params) {
    ConfirmRequest request;
    request.payment_method = params.text("payment_method").value_or("");
    const std::string off_session = params.text("off_session").value_or("");
    if (!off_session.empty() && off_session != "false")
        request.session = PaymentSession::OffSession;
    request.return_url = params.text("return_url");
    request.error_on_requires_action = params.boolean("error_on_requires_action").value_or(false);
    for (const char* hint :
         {"mandate_data", "payment_method_options", "radar_options", "use_stripe_sdk"})
        params.ignore(hint);
    return request;
}

/// A method attached to another customer cannot be charged for this one.
std::optional<StripeError> check_owner(const Json& method, const std::string& customer) {
    const std::string owner = text_of(method, "customer");
    if (owner.empty() || owner == customer) return std::nullopt;
    return bad_param("payment_method", "",
                     "The provided PaymentMethod was previously used or attached to another "
                     "customer. It may not be used again.")
        .error();
}

/// What the intent was made for; a bank account that holds euros can only be debited in euros.
std::optional<StripeError> check_method_type(const Json& intent, const Json& method) {
    const std::string type = text_of(method, "type");
    const Json& types = intent.at("payment_method_types");
    if (std::ranges::find(types, Json(type)) == types.end())
        return bad_param("payment_method", "",
                         "The PaymentMethod provided (" + type +
                             ") is not allowed for this PaymentIntent. Please attach a "
                             "PaymentMethod of one of the types in its `payment_method_types`.")
            .error();
    if (type == "sepa_debit" && text_of(intent, "currency") != "eur")
        return bad_param("currency", "",
                         "The currency provided (" + text_of(intent, "currency") +
                             ") is not supported by `sepa_debit`, which takes eur.")
            .error();
    return std::nullopt;
}

Answer confirm_as_asked(Context& ctx, Json intent, const ConfirmRequest& request) {
    std::string id =
        request.payment_method.empty() ? text_of(intent, "payment_method") : request.payment_method;
    if (id.empty()) {
        StripeError error = unexpected_state(intent, "payment method is missing");
        error.message =
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can "
            "either update the PaymentIntent with a payment method and then confirm it again, or "
            "confirm it again directly with a payment method or ConfirmationToken.";
        return Refusal(std::move(error));
    }
    auto method = resolve_payment_method(ctx, id, "payment_method");
    if (!method) return Refusal(method.error());
    if (auto error = check_owner(*method, text_of(intent, "customer")))
        return Refusal(*std::move(error));
    if (auto error = check_method_type(intent, *method)) return Refusal(*std::move(error));
    ctx.put(*method);
    if (request.return_url) intent["_return_url"] = *request.return_url;
    Confirmation confirmed =
        confirm_payment_intent(ctx, std::move(intent), text_of(*method, "id"), request.session);
    payment_intent_changed(ctx, confirmed.intent);
    if (confirmed.error) {
        ctx.keep_effects();
        return Refusal(*std::move(confirmed.error));
    }
    const bool asks = text_of(confirmed.intent, "status") == "requires_action";
    if (!asks || !request.error_on_requires_action) return std::move(confirmed.intent);
    return card_error("authentication_required", "authentication_required",
                      "This payment required an authentication action to complete, but "
                      "`error_on_requires_action` was set.");
}

bool is_unconfirmed(const Json& intent) {
    const std::string status = text_of(intent, "status");
    return status == "requires_payment_method" || status == "requires_confirmation" ||
           status == "requires_action";
}

Answer create_intent(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    NewPaymentIntent request;
    const auto amount = params.integer("amount");
    request.currency = read_currency(params);
    request.customer = params.text("customer").value_or("");
    request.description = params.text("description").value_or("");
    request.capture_method =
        params.one_of("capture_method", {"automatic", "automatic_async", "manual"})
            .value_or("automatic_async");
    if (const auto usage = params.one_of("setup_future_usage", {"off_session", "on_session"}))
        request.setup_future_usage = *usage;
    const auto metadata = params.metadata();
    const bool confirms = params.boolean("confirm").value_or(false);
    params.one_of("confirmation_method", {"automatic", "manual"});
    params.ignore("automatic_payment_methods");
    const ConfirmRequest confirm = read_confirm(params);
    const auto types = params.texts("payment_method_types");
    Json notes = Json::object();
    read_intent_notes(params, notes);
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    if (!amount) return missing_param("amount");
    if (auto problem = amount_problem(*amount, request.currency)) return *std::move(problem);
    if (!request.customer.empty())
        if (const auto found = require_customer(ctx, request.customer, "customer"); !found)
            return Refusal(found.error());
    request.amount = *amount;
    Json intent = new_payment_intent(ctx, request);
    if (types.empty())
        intent["automatic_payment_methods"] = {{"allow_redirects", "always"}, {"enabled", true}};
    else
        intent["payment_method_types"] = types;
    intent.update(notes);
    merge_metadata(intent, metadata);
    if (!confirm.payment_method.empty()) {
        auto method = resolve_payment_method(ctx, confirm.payment_method, "payment_method");
        if (!method) return Refusal(method.error());
        ctx.put(*method);
        intent["payment_method"] = method->at("id");
        intent["status"] = "requires_confirmation";
    }
    ctx.put(intent);
    ctx.emit("payment_intent.created", intent);
    if (!confirms) return intent;
    ConfirmRequest now = confirm;
    now.payment_method = text_of(intent, "payment_method");
    return confirm_as_asked(ctx, std::move(intent), now);
}

Answer get_intent(Operation& operation) {
    operation.params.ignore("client_secret");
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    return require_intent(operation);
}

Answer update_intent(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    const auto amount = params.integer("amount");
    const auto description = params.text("description");
    const auto metadata = params.metadata();
    const std::string method_id = params.text("payment_method").value_or("");
    Json notes = Json::object();
    read_intent_notes(params, notes);
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    auto intent = require_intent(operation);
    if (!intent) return intent;
    if (amount && !is_unconfirmed(*intent))
        return Refusal(unexpected_state(*intent, "amount could not be updated"));
    if (amount)
        if (auto problem = amount_problem(*amount, text_of(*intent, "currency")))
            return *std::move(problem);
    if (amount) (*intent)["amount"] = *amount;
    if (description) (*intent)["description"] = text_or_null(*description);
    intent->update(notes);
    merge_metadata(*intent, metadata);
    if (!method_id.empty()) {
        auto method = resolve_payment_method(ctx, method_id, "payment_method");
        if (!method) return Refusal(method.error());
        ctx.put(*method);
        (*intent)["payment_method"] = method->at("id");
        if (text_of(*intent, "status") == "requires_payment_method")
            (*intent)["status"] = "requires_confirmation";
    }
    ctx.put(*intent);
    return intent;
}

Answer confirm_intent(Operation& operation) {
    const ConfirmRequest request = read_confirm(operation.params);
    operation.params.ignore("payment_method_types");
    operation.params.ignore("setup_future_usage");
    operation.params.ignore("capture_method");
    operation.params.ignore("receipt_email");
    operation.params.ignore("shipping");
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto intent = require_intent(operation);
    if (!intent) return intent;
    if (!is_unconfirmed(*intent))
        return Refusal(unexpected_state(*intent, "confirmation is not possible"));
    return confirm_as_asked(operation.ctx, *std::move(intent), request);
}

Answer capture_intent(Operation& operation) {
    Context& ctx = operation.ctx;
    const auto amount = operation.params.integer("amount_to_capture");
    operation.params.ignore("final_capture");
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto intent = require_intent(operation);
    if (!intent) return intent;
    if (text_of(*intent, "status") != "requires_capture")
        return Refusal(unexpected_state(*intent, "capture is not possible"));
    const std::int64_t authorized = integer_of(*intent, "amount_capturable");
    const std::int64_t captured = amount.value_or(authorized);
    if (captured < 1 || captured > authorized)
        return bad_param("amount_to_capture", "amount_too_large",
                         "The payment could not be captured because the requested capture amount "
                         "is greater than the authorized amount.");
    capture_charge(ctx, text_of(*intent, "latest_charge"), captured);
    (*intent)["amount_capturable"] = 0;
    (*intent)["amount_received"] = captured;
    (*intent)["status"] = "succeeded";
    ctx.put(*intent);
    ctx.emit("payment_intent.succeeded", *intent);
    dispute_as_card_says(ctx, text_of(*intent, "latest_charge"));
    return intent;
}

Answer cancel_intent(Operation& operation) {
    const auto reason = operation.params.one_of(
        "cancellation_reason", {"abandoned", "duplicate", "fraudulent", "requested_by_customer"});
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto intent = require_intent(operation);
    if (!intent) return intent;
    if (!text_of(*intent, "_invoice").empty()) {
        StripeError error = unexpected_state(*intent, "cancellation is not possible");
        error.message =
            "PaymentIntents created by invoices cannot be canceled directly. Void the invoice "
            "instead.";
        return Refusal(std::move(error));
    }
    const std::string status = text_of(*intent, "status");
    if (status == "succeeded" || status == "canceled" || status == "processing")
        return Refusal(unexpected_state(*intent, "cancellation is not possible"));
    return cancel_payment_intent(operation.ctx, *std::move(intent), reason.value_or(""));
}

Answer list_intents(Operation& operation) {
    ListFilter filter;
    filter.customer = operation.params.text("customer").value_or("");
    read_created(operation.params, filter);
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
    const auto refunds = ctx.list("refund", {.parent = id});
    Json list = included_list("/v1/charges/" + id + "/refunds", refunds);
    list["total_count"] = refunds.size();
    return visible(list);
}

constexpr auto kPaymentSteps = std::to_array<EngineStep>({
    {"payment_intent", sure_step<settle_debit>},
});

constexpr auto kPaymentIncludables = std::to_array<Includable>({
    {"charge", "refunds", charge_refunds},
});

}  // namespace

void read_intent_notes(Params& params, Json& intent) {
    for (const char* name :
         {"receipt_email", "statement_descriptor", "statement_descriptor_suffix", "transfer_group"})
        set_text(params, name, intent);
    if (!params.has("shipping")) return;
    auto shipping = params.object_or_null("shipping");
    if (!shipping) {
        intent["shipping"] = nullptr;
        return;
    }
    Json& kept = intent["shipping"];
    kept = Json::object();
    kept["address"] = empty_address();
    set_address(*shipping, "address", kept);
    for (const char* name : {"carrier", "name", "phone", "tracking_number"}) {
        kept[name] = nullptr;
        set_text(*shipping, name, kept);
    }
    params.absorb(*shipping);
}

const Feature& payment_feature() {
    static constexpr Feature kFeature{.operations = kPaymentRoutes,
                                      .expandables = kPaymentExpandables,
                                      .includables = kPaymentIncludables,
                                      .steps = kPaymentSteps};
    return kFeature;
}

}  // namespace turnpike::twin
