#include "sandbox/stripe/checkout/session_params.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/catalog/custom_amounts.h"
#include "sandbox/stripe/catalog/prices.h"
#include "sandbox/stripe/checkout/intent_data.h"
#include "sandbox/stripe/checkout/session_discounts.h"
#include "sandbox/stripe/checkout/session_document.h"
#include "sandbox/stripe/checkout/session_invoice.h"
#include "sandbox/stripe/checkout/session_lines.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/checked_fields.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/exclusive.h"
#include "sandbox/stripe/wire/fields.h"
#include "sandbox/stripe/wire/inert_parameters.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kReferenceCharactersMax = 200;
constexpr std::size_t kPayerEmailCharactersMax = 800;
constexpr auto kCheckoutLifetime = std::chrono::hours(24);
constexpr auto kCheckoutLifetimeMin = std::chrono::minutes(30);

std::string mode_of(const Json& session) { return text_of(session, "mode"); }

/// Complains about a parameter that another mode has.
void only_in(Params& params, const Json& session, std::string_view mode, std::string_view name) {
    if (mode_of(session) == mode || !params.has(name)) return;
    params.ignore(name);
    params.complain(bad_param(
        std::string(name), "",
        "You can not pass `" + std::string(name) + "` in `" + mode_of(session) + "` mode."));
}

/// Something of Checkout's that only the member `enabled` switches on.
void refuse_enabled(Params& params, std::string_view name, const std::string& why) {
    auto given = params.object(name);
    if (!given) return;
    if (given->boolean("enabled").value_or(false))
        given->complain(bad_param(given->name_of("enabled"), "", why));
    if (name == "tax_id_collection") given->ignore("required");
    params.absorb(*given);
}

void refuse_what_is_missing(Params& params) {
    for (const char* name :
         {"after_expiration", "branding_settings", "consent_collection", "custom_fields",
          "customer_account", "excluded_payment_method_types", "name_collection", "optional_items",
          "origin_context", "payment_method_configuration", "permissions", "redirect_on_completion",
          "return_url", "shipping_address_collection", "shipping_options", "wallet_options"})
        params.refuse(name,
                      "This sandbox's checkout page does not know `" + std::string(name) + "`.");
    refuse_enabled(params, "adaptive_pricing", "This sandbox does not convert currencies.");
    refuse_tax(params);
    refuse_enabled(params, "phone_number_collection",
                   "This sandbox's checkout page asks for no phone number.");
    refuse_enabled(params, "tax_id_collection", "This sandbox does not compute taxes.");
    if (params.one_of("billing_address_collection", {"auto", "required"}) == "required")
        params.complain(bad_param("billing_address_collection", "",
                                  "This sandbox's checkout page asks for no address."));
    if (const auto ui = params.one_of("ui_mode", {"custom", "embedded", "hosted"});
        ui && *ui != "hosted")
        params.complain(
            bad_param("ui_mode", "", "This sandbox has Checkout's hosted page (`hosted`) only."));
}

void read_addresses(Params& params, Json& session) {
    for (const char* name : {"success_url", "cancel_url"}) {
        const auto address = read_web_address(params, name);
        if (address && !address->empty()) session[name] = *address;
    }
    if (text_of(session, "success_url").empty()) params.complain(missing_param("success_url"));
}

void read_expires_at(Params& params, Json& session) {
    const Instant created = *instant_of(session, "created");
    const Instant end = params.timestamp("expires_at").value_or(created + kCheckoutLifetime);
    if (end < created + kCheckoutLifetimeMin)
        params.complain(bad_param("expires_at", "",
                                  "The `expires_at` timestamp must be at least 30 minutes from "
                                  "Checkout Session creation."));
    if (end > created + kCheckoutLifetime)
        params.complain(bad_param("expires_at", "",
                                  "The `expires_at` timestamp must be less than 24 hours from "
                                  "Checkout Session creation."));
    session["expires_at"] = unix_seconds(end);
}

void exclude(Params& params, std::string_view one, std::string_view other) {
    if (params.has(one) && params.has(other)) params.complain(only_one_of(params, one, other));
}

/// Who buys, and whether a customer is made of who does.
void read_buyer(Params& params, Json& session) {
    set_text(params, "customer", session);
    set_email(params, "customer_email", session, kPayerEmailCharactersMax);
    set_text(params, "client_reference_id", session, kReferenceCharactersMax);
    exclude(params, "customer", "customer_email");
    exclude(params, "customer", "customer_creation");
    const auto creation = params.one_of("customer_creation", {"always", "if_required"});
    const bool subscribes = mode_of(session) == "subscription";
    if (creation && subscribes)
        params.complain(bad_param("customer_creation", "",
                                  "`customer_creation` can only be used in `payment` mode."));
    if (text_of(session, "customer").empty())
        session["customer_creation"] = subscribes ? "always" : creation.value_or("if_required");
    auto update = params.object("customer_update");
    if (!update) return;
    if (text_of(session, "customer").empty())
        params.complain(bad_param("customer_update", "",
                                  "`customer_update` can only be used with `customer`."));
    for (const char* name : {"address", "name", "shipping"})
        if (update->one_of(name, {"auto", "never"}) == "auto") session["_update"][name] = true;
    params.absorb(*update);
}

void read_looks(Params& params, Json& session) {
    if (const auto locale = params.one_of(
            "locale",
            {"auto", "bg",  "cs", "da",    "de", "el", "en",    "en-GB", "es", "es-419", "et",
             "fi",   "fil", "fr", "fr-CA", "hr", "hu", "id",    "it",    "ja", "ko",     "lt",
             "lv",   "ms",  "mt", "nb",    "nl", "pl", "pt",    "pt-BR", "ro", "ru",     "sk",
             "sl",   "sv",  "th", "tr",    "vi", "zh", "zh-HK", "zh-TW"}))
        session["locale"] = *locale;
    if (const auto submit =
            params.one_of("submit_type", {"auto", "book", "donate", "pay", "subscribe"}))
        session["submit_type"] = *submit;
    auto texts = params.object("custom_text");
    if (!texts) return;
    for (const char* name :
         {"after_submit", "shipping_address", "submit", "terms_of_service_acceptance"}) {
        auto text = texts->object(name);
        if (!text) continue;
        session["custom_text"][name]["message"] = text->required_text("message");
        texts->absorb(*text);
    }
    params.absorb(*texts);
}

void read_method_options(Params& params, Json& session) {
    auto options = params.object("payment_method_options");
    if (!options) return;
    if (auto card = options->object("card")) {
        if (const auto request =
                card->one_of("request_three_d_secure", {"any", "automatic", "challenge"}))
            session["payment_method_options"]["card"]["request_three_d_secure"] = *request;
        options->absorb(*card);
    }
    params.absorb(*options);
}

void read_methods(Params& params, Json& session) {
    const auto types = params.texts("payment_method_types");
    for (const auto& type : types)
        if (type != "card" && type != "sepa_debit")
            params.complain(bad_param("payment_method_types", "",
                                      "This sandbox's checkout page takes `card` and "
                                      "`sepa_debit`, not `" +
                                          type + "`."));
    if (!types.empty()) session["payment_method_types"] = types;
    read_method_options(params, session);
    if (auto data = params.object("payment_method_data")) {
        if (const auto redisplay =
                data->one_of("allow_redisplay", {"always", "limited", "unspecified"}))
            session["_allow_redisplay"] = *redisplay;
        params.absorb(*data);
    }
    if (auto saved = params.object("saved_payment_method_options")) {
        Json& options = session["saved_payment_method_options"];
        if (saved->has("allow_redisplay_filters"))
            options["allow_redisplay_filters"] = saved->texts("allow_redisplay_filters");
        for (const char* name : {"payment_method_remove", "payment_method_save"})
            if (const auto value = saved->one_of(name, {"disabled", "enabled"}))
                options[name] = *value;
        params.absorb(*saved);
    }
}

/// What only one mode has.
void read_mode(Params& params, Json& session) {
    for (const auto& [mode, name] :
         {std::pair{"payment", "payment_intent_data"},
          std::pair{"subscription", "subscription_data"}, std::pair{"setup", "setup_intent_data"},
          std::pair{"subscription", "payment_method_collection"}})
        only_in(params, session, mode, name);
    if (mode_of(session) == "setup")
        for (const char* name : {"allow_promotion_codes", "discounts", "line_items"})
            only_in(params, session, "", name);
    session["_payment"] = read_payment_data(params);
    session["_setup"] = read_setup_data(params);
    session["_subscription"] = read_subscription_data(params, *instant_of(session, "created"));
    if (const auto collection =
            params.one_of("payment_method_collection", {"always", "if_required"}))
        session["payment_method_collection"] = *collection;
}

/// Members whose value before anybody pays depends on the mode.
void set_mode_members(Json& session) {
    const std::string mode = mode_of(session);
    if (mode == "setup") return;
    session["discounts"] = Json::array();
    Json saved{{"allow_redisplay_filters", Json::array({"always"})},
               {"payment_method_remove", "disabled"},
               {"payment_method_save", nullptr}};
    if (session["saved_payment_method_options"].is_object())
        saved.update(session["saved_payment_method_options"]);
    session["saved_payment_method_options"] = std::move(saved);
    if (mode != "payment") return;
    session["payment_method_collection"] = "if_required";
    Json& invoices = session["invoice_creation"];
    invoices["enabled"] = false;
    invoices["invoice_data"] = {{"account_tax_ids", nullptr},  {"custom_fields", nullptr},
                                {"description", nullptr},      {"footer", nullptr},
                                {"issuer", nullptr},           {"metadata", Json::object()},
                                {"rendering_options", nullptr}};
}

/// A session that only saves a method may be without a currency.
std::optional<StripeError> check_debit_currency(const Json& session) {
    const std::string currency = text_of(session, "currency");
    const Json& types = session.at("payment_method_types");
    const bool debits = std::ranges::find(types, Json("sepa_debit")) != types.end();
    if (!debits || currency.empty() || currency == "eur") return std::nullopt;
    return bad_param("payment_method_types", "",
                     "The currency provided (" + currency +
                         ") is not supported by `sepa_debit`, which takes eur.")
        .error();
}

std::optional<StripeError> check_currencies(const Json& session,
                                            const std::vector<SoldLine>& lines) {
    const std::string currency = text_of(session, "currency");
    for (const SoldLine& line : lines)
        if (auto error = check_price_currency(line.price, currency, line.param + "[price]"))
            return error;
    return check_debit_currency(session);
}

/// Nothing is taken off what the payer chooses.
std::optional<StripeError> check_custom_session(const Json& session,
                                                const std::vector<DiscountRequest>& discounts) {
    const bool codes = flag_of(session, "allow_promotion_codes");
    if (!codes && discounts.empty()) return std::nullopt;
    return bad_param(codes ? "allow_promotion_codes" : "discounts", "",
                     std::string("You cannot enable ") + (codes ? "promotion codes" : "discounts") +
                         " when using a price with `custom_unit_amount` configured.")
        .error();
}

Outcome<Json> sell_lines(Context& ctx, Params& params, Json session) {
    const auto discounts = read_session_discounts(params, session);
    auto lines = read_sold_lines(ctx, params, mode_of(session));
    if (!lines) return Refusal(lines.error());
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    if (session["currency"].is_null()) session["currency"] = lines->front().price.at("currency");
    if (auto error = check_currencies(session, *lines)) return Refusal(*std::move(error));
    const Trial trial = begins_with_trial(session) ? Trial::Yes : Trial::No;
    if (has_custom_amount(lines->front().price))
        if (auto error = check_custom_session(session, discounts))
            return Refusal(*std::move(error));
    std::vector<Json> items;
    for (const SoldLine& line : *lines) items.push_back(line_item(ctx, line, trial));
    put_lines(session, items);
    if (auto error = discount_session(ctx, session, discounts)) return Refusal(*std::move(error));
    return session;
}

}  // namespace

Outcome<Json> read_new_session(Context& ctx, Params& params) {
    Json session = blank_session(ctx);
    const auto mode = params.one_of("mode", {"payment", "setup", "subscription"});
    if (!mode) params.complain(missing_param("mode"));
    session["mode"] = mode.value_or("payment");
    read_addresses(params, session);
    read_expires_at(params, session);
    read_buyer(params, session);
    read_looks(params, session);
    read_methods(params, session);
    read_mode(params, session);
    session["currency"] = text_or_null(read_optional_currency(params));
    merge_metadata(session, params.metadata());
    refuse_what_is_missing(params);
    set_mode_members(session);
    read_invoice_creation(params, session);
    if (mode == "setup") {
        if (session["currency"].is_null() && !params.has("payment_method_types"))
            params.complain(missing_param("currency"));
        if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
        if (auto error = check_debit_currency(session)) return Refusal(*std::move(error));
        return session;
    }
    return sell_lines(ctx, params, std::move(session));
}

}  // namespace turnpike::twin
