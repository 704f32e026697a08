#include "sandbox/stripe/checkout/session_document.h"

#include <initializer_list>

#include "sandbox/documents.h"
#include "sandbox/stripe/catalog/custom_amounts.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

void set_null(Json& object, std::initializer_list<const char*> members) {
    for (const char* member : members) object[member] = nullptr;
}

Json branding() {
    Json settings;
    settings["background_color"] = "#ffffff";
    settings["border_style"] = "rounded";
    settings["button_color"] = "#0074d4";
    settings["display_name"] = "Turnpike sandbox";
    settings["font_family"] = "default";
    set_null(settings, {"icon", "logo"});
    return settings;
}

Json no_tax() {
    Json tax;
    set_null(tax, {"liability", "provider", "status"});
    tax["enabled"] = false;
    return tax;
}

}  // namespace

Json blank_session(Context& ctx) {
    Json session;
    session["id"] = ctx.new_id("cs_test");
    session["object"] = std::string(kSessionKind);
    set_null(session, {"after_expiration",
                       "allow_promotion_codes",
                       "amount_subtotal",
                       "amount_total",
                       "billing_address_collection",
                       "cancel_url",
                       "client_reference_id",
                       "client_secret",
                       "consent",
                       "consent_collection",
                       "currency",
                       "currency_conversion",
                       "customer",
                       "customer_account",
                       "customer_creation",
                       "customer_details",
                       "customer_email",
                       "discounts",
                       "invoice",
                       "invoice_creation",
                       "locale",
                       "origin_context",
                       "payment_intent",
                       "payment_link",
                       "payment_method_configuration_details",
                       "permissions",
                       "recovered_from",
                       "saved_payment_method_options",
                       "setup_intent",
                       "shipping_address_collection",
                       "shipping_cost",
                       "submit_type",
                       "subscription",
                       "success_url",
                       "total_details",
                       "wallet_options"});
    session["adaptive_pricing"]["enabled"] = false;
    session["automatic_tax"] = no_tax();
    session["branding_settings"] = branding();
    set_null(session["collected_information"],
             {"business_name", "individual_name", "shipping_details"});
    session["created"] = unix_seconds(ctx.now());
    session["custom_fields"] = Json::array();
    set_null(session["custom_text"],
             {"after_submit", "shipping_address", "submit", "terms_of_service_acceptance"});
    session["livemode"] = false;
    session["metadata"] = Json::object();
    session["payment_method_collection"] = "always";
    session["payment_method_options"]["card"]["request_three_d_secure"] = "automatic";
    session["payment_method_types"] = Json::array({"card"});
    session["payment_status"] = "no_payment_required";
    session["phone_number_collection"]["enabled"] = false;
    session["shipping_options"] = Json::array();
    session["status"] = "open";
    session["ui_mode"] = "hosted";
    session["url"] = page_of(ctx, session);
    session["_parent"] = "";
    return session;
}

void put_lines(Json& session, const std::vector<Json>& lines) {
    std::int64_t subtotal = 0;
    std::int64_t discount = 0;
    for (const Json& line : lines) {
        subtotal += integer_of(line, "amount_subtotal");
        discount += integer_of(line, "amount_discount");
    }
    session["line_items"] = {
        {"object", "list"},
        {"data", lines},
        {"has_more", false},
        {"url", "/v1/checkout/sessions/" + text_of(session, "id") + "/line_items"}};
    session["amount_subtotal"] = subtotal;
    session["amount_total"] = subtotal - discount;
    session["total_details"] = {
        {"amount_discount", discount}, {"amount_shipping", 0}, {"amount_tax", 0}};
    const bool is_chosen = !lines.empty() && has_custom_amount(lines.front().at("price"));
    session["payment_status"] = subtotal > discount || is_chosen ? "unpaid" : "no_payment_required";
}

std::optional<StripeError> check_total(const Json& session) {
    const std::string currency = text_of(session, "currency");
    const std::int64_t total = integer_of(session, "amount_total");
    if (!fits_amount(integer_of(session, "amount_subtotal")))
        return amount_too_large("line_items", currency).error();
    const std::int64_t least = minimum_charge(currency);
    if (text_of(session, "mode") != "payment" || total == 0 || total >= least) return std::nullopt;
    return bad_param("", "amount_too_small",
                     "The Checkout Session's total amount due must add up to at least " +
                         format_amount(least, currency) + " " + currency)
        .error();
}

Json known_details(const Json& session, const std::optional<Json>& customer) {
    Json details;
    set_null(details, {"address", "business_name", "individual_name", "name", "phone", "tax_exempt",
                       "tax_ids"});
    details["email"] = customer ? customer->at("email") : session.at("customer_email");
    if (text_of(session, "mode") != "setup") details["tax_exempt"] = "none";
    return details;
}

bool begins_with_trial(const Json& session) {
    const Json& form = part_of(session, "_subscription");
    return form.contains("trial_end") || form.contains("trial_period_days");
}

bool is_session_open(const Json& session) { return text_of(session, "status") == "open"; }

bool is_payable(const Json& session, Instant now) {
    return is_session_open(session) && now < *instant_of(session, "expires_at");
}

std::string page_of(Context& ctx, const Json& session) {
    return ctx.base_url() + "/c/pay/" + text_of(session, "id");
}

}  // namespace turnpike::twin
