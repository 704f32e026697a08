#include "sandbox/stripe/payments/intent_settings.h"

#include <algorithm>
#include <array>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/cards/method_options.h"
#include "sandbox/stripe/cards/payment_methods.h"
#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/payments/intent_owners.h"
#include "sandbox/stripe/payments/intent_states.h"
#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/checked_fields.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {
namespace {

constexpr std::array<std::string_view, 2> kMethodTypes{"card", "sepa_debit"};
// As Stripe's reference says of statement_descriptor.
constexpr std::size_t kStatementCharactersMax = 22;
constexpr IntentMethods kMethods{"PaymentIntent", kMethodTypes};

/// Stripe takes bank debits in the currency of the account only, and in one step.
std::optional<StripeError> check_debit(const Json& intent) {
    const Json& types = intent.at("payment_method_types");
    if (std::ranges::find(types, Json("sepa_debit")) == types.end()) return std::nullopt;
    const std::string code = "payment_intent_invalid_parameter";
    if (const std::string currency = text_of(intent, "currency"); currency != "eur")
        return bad_param("currency", code,
                         "The currency provided (" + currency +
                             ") is invalid for one or more payment method types on this "
                             "PaymentIntent. `sepa_debit` only supports the following currencies: "
                             "`eur`.")
            .error();
    if (text_of(intent, "capture_method") != "manual") return std::nullopt;
    return bad_param("capture_method", code,
                     "The payment method type \"sepa_debit\" does not support manual capture.")
        .error();
}

/// What a charge is made with.
std::optional<StripeError> check_changes(const Json& intent, const IntentSettings& settings) {
    if (is_unconfirmed(intent)) return std::nullopt;
    const std::pair<std::string_view, bool> fixed[] = {
        {"amount", settings.amount.has_value()},
        {"currency", settings.currency.has_value()},
        {"customer", settings.customer.has_value()},
        {"payment_method", settings.payment_method.has_value() || settings.new_method.has_value()},
        {"payment_method_types", settings.method_types.has_value()},
        {"setup_future_usage", settings.setup_future_usage.has_value()},
        {"capture_method", settings.capture_method.has_value()},
    };
    for (const auto& [name, given] : fixed)
        if (given) return cannot_update(intent, name).error();
    return std::nullopt;
}

std::optional<StripeError> apply_customer(Context& ctx, Json& intent, const std::string& customer) {
    if (!customer.empty())
        if (const auto found = require_customer(ctx, customer, "customer"); !found)
            return found.error();
    intent["customer"] = text_or_null(customer);
    return std::nullopt;
}

void set_payment_method(Json& intent, const Json& id) {
    intent["payment_method"] = id;
    intent["next_action"] = nullptr;
    intent["status"] = id.is_null() ? "requires_payment_method" : "requires_confirmation";
}

std::optional<StripeError> apply_method(Context& ctx, Json& intent,
                                        const IntentSettings& settings) {
    if (settings.new_method) {
        if (auto problem = check_method(intent, *settings.new_method)) return problem;
        ctx.put(*settings.new_method);
        set_payment_method(intent, settings.new_method->at("id"));
    }
    if (!settings.payment_method) return std::nullopt;
    if (settings.payment_method->empty()) {
        set_payment_method(intent, nullptr);
        return std::nullopt;
    }
    const auto method = resolve_payment_method(ctx, *settings.payment_method, "payment_method");
    if (!method) return method.error();
    if (auto problem = check_method(intent, *method)) return problem;
    set_payment_method(intent, method->at("id"));
    return std::nullopt;
}

}  // namespace

void read_shipping(Params& params, Json& document) {
    if (!params.has("shipping")) return;
    auto shipping = params.object("shipping");
    if (!shipping) {
        document["shipping"] = nullptr;
        return;
    }
    Json& kept = document["shipping"];
    kept = Json::object();
    kept["address"] = empty_address();
    set_address(*shipping, "address", kept);
    for (const char* name : {"carrier", "name", "phone", "tracking_number"}) {
        kept[name] = nullptr;
        set_text(*shipping, name, kept);
    }
    params.absorb(*shipping);
}

void read_intent_notes(Params& params, Json& intent) {
    set_email(params, "receipt_email", intent);
    for (const char* name : {"statement_descriptor", "statement_descriptor_suffix"})
        set_text(params, name, intent, kStatementCharactersMax);
    set_text(params, "transfer_group", intent);
    read_shipping(params, intent);
}

IntentSettings read_intent_settings(Context& ctx, Params& params, IntentRequest request) {
    IntentSettings settings;
    if (request == IntentRequest::Create) {
        settings.currency = read_currency(params);
    } else if (request == IntentRequest::Update && params.has("currency")) {
        settings.currency = read_currency(params);
    }
    if (request != IntentRequest::Confirm) {
        settings.amount = params.integer("amount");
        settings.customer = params.text("customer");
        settings.description = params.text("description");
        settings.metadata = params.metadata();
    }
    settings.capture_method =
        params.one_of("capture_method", {"automatic", "automatic_async", "manual"});
    settings.setup_future_usage =
        params.one_of("setup_future_usage", {"", "off_session", "on_session"});
    settings.three_d_secure = read_three_d_secure(params);
    settings.payment_method = params.text("payment_method");
    settings.new_method = read_method_data(ctx, params);
    settings.method_types = read_method_types(params, kMethods);
    if (request == IntentRequest::Confirm) {
        set_email(params, "receipt_email", settings.notes);
        read_shipping(params, settings.notes);
    } else {
        read_intent_notes(params, settings.notes);
    }
    return settings;
}

std::optional<StripeError> apply_intent_settings(Context& ctx, Json& intent,
                                                 const IntentSettings& settings) {
    if (auto problem = check_changes(intent, settings)) return problem;
    if (auto problem = owner_problem(intent, settings)) return problem;
    if (settings.currency) intent["currency"] = *settings.currency;
    if (settings.amount) intent["amount"] = *settings.amount;
    if (settings.amount || settings.currency)
        if (const auto problem = charge_amount_problem(integer_of(intent, "amount"),
                                                       text_of(intent, "currency"), "amount"))
            return problem->error();
    if (settings.customer)
        if (auto problem = apply_customer(ctx, intent, *settings.customer)) return problem;
    if (settings.description) intent["description"] = text_or_null(*settings.description);
    if (settings.capture_method) intent["capture_method"] = *settings.capture_method;
    if (settings.setup_future_usage)
        intent["setup_future_usage"] = text_or_null(*settings.setup_future_usage);
    set_three_d_secure(intent, settings.three_d_secure);
    if (settings.method_types) {
        intent["automatic_payment_methods"] = nullptr;
        intent["payment_method_types"] = *settings.method_types;
    }
    if (auto problem = check_debit(intent)) return problem;
    intent.update(settings.notes);
    merge_metadata(intent, settings.metadata);
    return apply_method(ctx, intent, settings);
}

std::optional<StripeError> check_method(const Json& intent, const Json& method) {
    const std::string customer = text_of(intent, "customer");
    const std::string owner = text_of(method, "customer");
    if (customer.empty() && !owner.empty())
        return with_intent(
                   bad_param("source", "parameter_missing",
                             "The `payment_method` parameter supplied " + text_of(method, "id") +
                                 " belongs to the Customer " + owner +
                                 ". Please include the Customer in the `customer` parameter on "
                                 "the PaymentIntent.")
                       .error(),
                   intent)
            .error();
    if (auto problem = usability_problem(method, customer, kMethods.noun))
        return with_intent(*std::move(problem), intent).error();
    return type_mismatch(method, intent, kMethods.noun);
}

}  // namespace turnpike::twin
