#include <array>
#include <initializer_list>
#include <utility>
#include <vector>

#include "json/value.h"
#include "sandbox/stripe/cards/method_options.h"
#include "sandbox/stripe/cards/payment_methods.h"
#include "sandbox/stripe/cards/setup_intents.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/core/list_owner.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/checked_fields.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {
namespace {

/// Stripe's name for it in messages is one word.
Outcome<Json> require_setup_intent(Operation& operation) {
    const std::string& id = operation.path("intent");
    auto intent = operation.ctx.find(kSetupIntentKind, id);
    if (intent) return *std::move(intent);
    auto refusal = no_such_object("setupintent", id);
    refusal.error().param = "intent";
    return refusal;
}

bool is_final(const Json& intent) {
    const std::string status = text_of(intent, "status");
    return status == "succeeded" || status == "canceled";
}

Refusal with_setup_intent(StripeError error, const Json& intent) {
    error.extra = Json::object();
    error.extra["setup_intent"] = visible(intent);
    return Refusal(std::move(error));
}

Refusal wrong_state(const Json& intent, const std::string& message) {
    StripeError error;
    error.code = "setup_intent_unexpected_state";
    error.message = message;
    return with_setup_intent(std::move(error), intent);
}

/// `verb` is "confirm" or "update"; the intent is final.
Refusal too_late_to(const std::string& verb, const Json& intent) {
    const bool succeeded = text_of(intent, "status") == "succeeded";
    return wrong_state(intent, "You cannot " + verb + " this SetupIntent because it has " +
                                   (succeeded ? "already succeeded." : "been canceled."));
}

Refusal too_late_to_cancel(const Json& intent) {
    if (text_of(intent, "status") == "canceled")
        return wrong_state(intent,
                           "You cannot cancel this SetupIntent because it is already canceled.");
    return wrong_state(
        intent,
        "You cannot cancel this SetupIntent because it has a status of succeeded. Only a "
        "SetupIntent with one of the following statuses may be canceled: "
        "`requires_payment_method`, `requires_confirmation`, or `requires_action`.");
}

std::optional<StripeError> method_problem(const Json& method, const Json& intent) {
    if (auto problem = usability_problem(method, text_of(intent, "customer"), "SetupIntent"))
        return problem;
    return type_mismatch(method, intent, "SetupIntent");
}

void refuse_all(Params& params, std::initializer_list<std::string_view> names) {
    for (const auto name : names)
        params.refuse(name,
                      "This sandbox does not know " + params.name_of(name) + " of SetupIntents.");
}

constexpr std::array<std::string_view, 2> kSetupTypes{"card", "sepa_debit"};
constexpr IntentMethods kSetupMethods{"SetupIntent", kSetupTypes};

/// What both create and update set.
struct SetupSettings {
    std::optional<std::string> customer, description, payment_method, three_d_secure;
    std::optional<Json> new_method;  ///< of payment_method_data; not stored
    std::optional<std::vector<std::string>> method_types;
    std::optional<Json> metadata;
};

SetupSettings read_setup_settings(Context& ctx, Params& params) {
    SetupSettings settings;
    settings.customer = params.text("customer");
    settings.description = params.text("description");
    settings.payment_method = params.text("payment_method");
    settings.new_method = read_method_data(ctx, params);
    settings.metadata = params.metadata();
    settings.three_d_secure = read_three_d_secure(params);
    settings.method_types = read_method_types(params, kSetupMethods);
    refuse_all(params, {"attach_to_self", "customer_account", "excluded_payment_method_types",
                        "flow_directions", "payment_method_configuration"});
    return settings;
}

/// Stored with the intent; a new method is nobody's yet.
std::optional<StripeError> take_new_method(Context& ctx, Json& intent, const Json& method) {
    if (auto problem = method_problem(method, intent)) return problem;
    ctx.put(method);
    abandon_setup_action(ctx, intent);
    intent["payment_method"] = method.at("id");
    intent["status"] = "requires_confirmation";
    return std::nullopt;
}

/// The payment method goes last: whose it may be depends on the customer.
std::optional<StripeError> apply_setup_settings(Context& ctx, Json& intent,
                                                const SetupSettings& settings) {
    if (settings.customer) {
        if (!settings.customer->empty())
            if (const auto found = require_customer(ctx, *settings.customer, "customer"); !found)
                return found.error();
        intent["customer"] = text_or_null(*settings.customer);
    }
    if (settings.description) intent["description"] = text_or_null(*settings.description);
    merge_metadata(intent, settings.metadata);
    set_three_d_secure(intent, settings.three_d_secure);
    if (settings.method_types) {
        intent["automatic_payment_methods"] = nullptr;
        intent["payment_method_types"] = *settings.method_types;
    }
    if (settings.new_method) return take_new_method(ctx, intent, *settings.new_method);
    if (!settings.payment_method) return std::nullopt;

    abandon_setup_action(ctx, intent);
    intent["payment_method"] = nullptr;
    intent["status"] = "requires_payment_method";
    if (settings.payment_method->empty()) return std::nullopt;
    const auto method = resolve_payment_method(ctx, *settings.payment_method, "payment_method");
    if (!method) return method.error();
    if (auto problem = method_problem(*method, intent)) return problem;
    intent["payment_method"] = method->at("id");
    intent["status"] = "requires_confirmation";
    return std::nullopt;
}

struct SetupConfirmRequest {
    std::string payment_method;  ///< "" for the intent's own
    std::optional<std::string> return_url;
};

void read_confirm_hints(Params& params) {
    refuse_all(params, {"confirmation_token"});
    params.ignore("mandate_data");
    params.ignore("use_stripe_sdk");
}

Answer confirm_setup_as_asked(Context& ctx, Json intent, const SetupConfirmRequest& request) {
    const std::string id =
        request.payment_method.empty() ? text_of(intent, "payment_method") : request.payment_method;
    if (id.empty())
        return wrong_state(
            intent,
            "You cannot confirm this SetupIntent because it's missing a payment method. You can "
            "either update the SetupIntent with a payment method and then confirm it again, or "
            "confirm it again directly with a payment method or ConfirmationToken.");
    const auto method = resolve_payment_method(ctx, id, "payment_method");
    if (!method) return Refusal(method.error());
    if (auto problem = method_problem(*method, intent))
        return with_setup_intent(*std::move(problem), intent);
    if (is_final(intent)) return too_late_to("confirm", intent);
    if (request.return_url) intent["_return_url"] = *request.return_url;
    SetupConfirmation confirmed = confirm_setup_intent(ctx, std::move(intent), *method);
    if (!confirmed.error) return std::move(confirmed.intent);
    ctx.keep_effects();
    return Refusal(*std::move(confirmed.error));
}

Answer create_setup_intent(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    SetupSettings settings = read_setup_settings(ctx, params);
    Json automatic = read_automatic_methods(params);
    const bool confirms = params.boolean("confirm").value_or(false);
    const auto usage = params.one_of("usage", {"off_session", "on_session"});
    SetupConfirmRequest confirm;
    confirm.return_url = read_return_url(params);
    read_confirm_hints(params);
    if (!confirms) refuse_without_confirm(params, "SetupIntent", {"mandate_data", "return_url"});
    refuse_all(params, {"on_behalf_of", "single_use"});
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));

    if (settings.payment_method && settings.payment_method->empty())
        settings.payment_method.reset();
    Json intent = new_setup_intent(ctx, settings.customer.value_or(""));
    intent["automatic_payment_methods"] = std::move(automatic);
    if (usage) intent["usage"] = *usage;
    if (auto problem = apply_setup_settings(ctx, intent, settings))
        return Refusal(*std::move(problem));
    if (confirms)
        if (auto problem = return_problem(intent, confirm.return_url, "SetupIntent"))
            return Refusal(*std::move(problem));
    ctx.put(intent);
    ctx.emit("setup_intent.created", intent);
    if (!confirms) return intent;
    return confirm_setup_as_asked(ctx, std::move(intent), confirm);
}

Answer get_setup_intent(Operation& operation) {
    operation.params.ignore("client_secret");
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    return require_setup_intent(operation);
}

Answer update_setup_intent(Operation& operation) {
    Context& ctx = operation.ctx;
    const SetupSettings settings = read_setup_settings(ctx, operation.params);
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto intent = require_setup_intent(operation);
    if (!intent) return intent;
    const bool changes_method = settings.payment_method || settings.new_method;
    if ((changes_method || settings.customer) && is_final(*intent))
        return too_late_to("update", *intent);
    const Json before = *intent;
    if (auto problem = apply_setup_settings(ctx, *intent, settings))
        return with_setup_intent(*std::move(problem), before);
    ctx.put(*intent);
    return intent;
}

Answer confirm_setup(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    SetupConfirmRequest request;
    request.payment_method = params.text("payment_method").value_or("");
    request.return_url = read_return_url(params);
    const auto three_d_secure = read_three_d_secure(params);
    read_confirm_hints(params);
    const auto new_method = read_method_data(ctx, params);
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    auto intent = require_setup_intent(operation);
    if (!intent) return intent;
    if (!is_final(*intent))
        if (auto problem = return_problem(*intent, request.return_url, "SetupIntent"))
            return with_setup_intent(*std::move(problem), *intent);
    set_three_d_secure(*intent, three_d_secure);
    if (new_method) {
        if (is_final(*intent)) return too_late_to("confirm", *intent);
        ctx.put(*new_method);
        request.payment_method = text_of(*new_method, "id");
    }
    return confirm_setup_as_asked(ctx, *std::move(intent), request);
}

Answer cancel_setup(Operation& operation) {
    const auto reason = operation.params.one_of(
        "cancellation_reason", {"abandoned", "duplicate", "requested_by_customer"});
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    auto intent = require_setup_intent(operation);
    if (!intent) return intent;
    if (is_final(*intent)) return too_late_to_cancel(*intent);
    return cancel_setup_intent(operation.ctx, *std::move(intent), reason.value_or(""));
}

Answer list_setup_intents(Operation& operation) {
    Params& params = operation.params;
    ListFilter filter;
    filter.customer = params.text("customer").value_or("");
    const std::string method = params.text("payment_method").value_or("");
    refuse_all(params, {"attach_to_self", "customer_account"});
    if (const auto refusal = unknown_owner(operation.ctx, "customer", filter.customer))
        params.complain(*refusal);
    read_created(params, filter);
    return list_objects(operation, kSetupIntentKind, filter, [&](const Json& intent) {
        return method.empty() || text_of(intent, "payment_method") == method;
    });
}

constexpr auto kSetupIntentRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/setup_intents", create_setup_intent},
    {"GET", "/v1/setup_intents", list_setup_intents},
    {"GET", "/v1/setup_intents/{intent}", get_setup_intent},
    {"POST", "/v1/setup_intents/{intent}", update_setup_intent},
    {"POST", "/v1/setup_intents/{intent}/confirm", confirm_setup},
    {"POST", "/v1/setup_intents/{intent}/cancel", cancel_setup},
    {"GET", "/v1/setup_attempts", list_setup_attempts},
});

constexpr auto kSetupIntentExpandables = std::to_array<Expandable>({
    {"setup_attempt", "application", "application"},
    {"setup_attempt", "customer", "customer"},
    {"setup_attempt", "on_behalf_of", "account"},
    {"setup_attempt", "payment_method", "payment_method"},
    {"setup_attempt", "setup_intent", "setup_intent"},
    {"setup_intent", "application", "application"},
    {"setup_intent", "customer", "customer"},
    {"setup_intent", "latest_attempt", "setup_attempt"},
    {"setup_intent", "mandate", "mandate"},
    {"setup_intent", "on_behalf_of", "account"},
    {"setup_intent", "payment_method", "payment_method"},
});

}  // namespace

const Feature& setup_intent_feature() {
    static constexpr Feature kFeature{.operations = kSetupIntentRoutes,
                                      .expandables = kSetupIntentExpandables};
    return kFeature;
}

}  // namespace turnpike::twin
