#include "sandbox/stripe/customers/customers.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "sandbox/stripe/cards/card_sources.h"
#include "sandbox/stripe/cards/own_methods.h"
#include "sandbox/stripe/cards/payment_methods.h"
#include "sandbox/stripe/coupons/discounts.h"
#include "sandbox/stripe/customers/balance_transactions.h"
#include "sandbox/stripe/wire/amounts.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/checked_fields.h"
#include "sandbox/stripe/wire/fields.h"
#include "sandbox/stripe/wire/inert_parameters.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kCustomerKind = "customer";
// As Stripe's reference says of POST /v1/customers.
constexpr std::size_t kNameCharactersMax = 256;
constexpr std::size_t kEmailCharactersMax = 512;
constexpr std::size_t kPhoneCharactersMax = 20;
constexpr std::int64_t kInvoiceSequenceMax = 1'000'000'000;
constexpr std::string_view kDefaultMethod = "default_payment_method";

Json new_customer(Context& ctx) {
    const auto random = ctx.ids().body(ctx.now());
    Json customer = roomy_object(32);
    customer["id"] = ctx.new_id("cus");
    customer["object"] = std::string(kCustomerKind);
    for (const char* name :
         {"address", "currency", "customer_account", "default_source", "description", "discount",
          "email", "name", "phone", "shipping", "test_clock"})
        customer[name] = nullptr;
    customer["balance"] = 0;
    customer["delinquent"] = false;
    customer["invoice_prefix"] = random.substr(random.size() - 8);
    customer["invoice_settings"] = {{"custom_fields", nullptr},
                                    {std::string(kDefaultMethod), nullptr},
                                    {"footer", nullptr},
                                    {"rendering_options", nullptr}};
    customer["livemode"] = false;
    customer["metadata"] = Json::object();
    customer["next_invoice_sequence"] = 1;
    customer["preferred_locales"] = Json::array();
    customer["tax_exempt"] = "none";
    return customer;
}

bool is_invoice_prefix(std::string_view text) {
    return text.size() >= 3 && text.size() <= 12 && std::ranges::all_of(text, [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
           });
}

void read_customer_shipping(Params& params, Json& customer) {
    if (!params.has("shipping")) return;
    auto given = params.object("shipping");
    Json& shipping = customer["shipping"];
    if (!given) {
        shipping = nullptr;
        return;
    }
    if (!shipping.is_object())
        shipping = {{"address", empty_address()}, {"name", nullptr}, {"phone", nullptr}};
    set_address(*given, "address", shipping);
    set_text(*given, "name", shipping);
    set_text(*given, "phone", shipping);
    params.absorb(*given);
}

/// Custom fields and rendering options only show on a PDF; they are kept as given.
void read_invoice_settings(Params& params, Json& customer) {
    auto given = params.object("invoice_settings");
    if (!given) return;
    Json& settings = customer["invoice_settings"];
    set_text(*given, "footer", settings);
    set_text(*given, kDefaultMethod, settings);
    if (given->has("custom_fields")) {
        Json fields = Json::array();
        for (auto& field : given->objects("custom_fields")) {
            fields.push_back(
                {{"name", field.required_text("name")}, {"value", field.required_text("value")}});
            given->absorb(field);
        }
        settings["custom_fields"] = fields.empty() ? Json() : std::move(fields);
    }
    ignore_object(*given, "rendering_options", {"amount_tax_display", "template"});
    params.absorb(*given);
}

void read_customer(Params& params, Json& customer) {
    set_address(params, "address", customer);
    set_text(params, "description", customer);
    set_email(params, "email", customer, kEmailCharactersMax);
    set_text(params, "name", customer, kNameCharactersMax);
    set_text(params, "phone", customer, kPhoneCharactersMax);
    set_integer(params, "balance", customer);
    if (!fits_amount(integer_of(customer, "balance")) && params.has("balance"))
        params.complain(amount_too_large("balance", text_of(customer, "currency")));
    set_integer(params, "next_invoice_sequence", customer);
    const auto sequence = integer_of(customer, "next_invoice_sequence");
    if (params.has("next_invoice_sequence") && (sequence < 1 || sequence > kInvoiceSequenceMax))
        params.complain(bad_param("next_invoice_sequence", "parameter_invalid_integer",
                                  "Invalid next_invoice_sequence: must be from 1 to "
                                  "1,000,000,000."));
    read_customer_shipping(params, customer);
    read_invoice_settings(params, customer);
    merge_metadata(customer, params.metadata());
    if (params.has("preferred_locales"))
        customer["preferred_locales"] = params.texts("preferred_locales");
    if (params.text("tax_exempt") == "")
        customer["tax_exempt"] = "none";
    else if (const auto exempt = params.one_of("tax_exempt", {"none", "reverse", "exempt"}))
        customer["tax_exempt"] = *exempt;
    if (const auto prefix = params.text("invoice_prefix")) {
        customer["invoice_prefix"] = *prefix;
        if (!is_invoice_prefix(*prefix))
            params.complain(bad_param("invoice_prefix", "",
                                      "Invoice prefixes must be 3-12 uppercase letters or "
                                      "numbers."));
    }
    ignore_object(params, "tax", {"ip_address", "validate_location"});
    params.ignore("validate");
}

/// A default must be one of the customer's own; the name of a test card stands for the method that
/// the same request attached under that name.
std::optional<Refusal> settle_default(Context& ctx, Json& customer, const std::string& given_name,
                                      const std::string& attached) {
    Json& chosen = customer["invoice_settings"][std::string(kDefaultMethod)];
    if (!chosen.is_string()) return std::nullopt;
    const auto id = chosen.get<std::string>();
    const std::string param = "invoice_settings[default_payment_method]";
    if (!attached.empty() && id == given_name) {
        chosen = attached;
        return std::nullopt;
    }
    if (auto error = check_own_method(ctx, text_of(customer, "id"), id, param))
        return Refusal(*std::move(error));
    return std::nullopt;
}

std::optional<Refusal> join_clock(Context& ctx, Json& customer, const std::string& clock_id) {
    const auto clock = ctx.find("test_helpers.test_clock", clock_id);
    if (!clock) return no_such_param("test_clock", clock_id, "test_clock");
    const auto others = ctx.count(kCustomerKind, {.parent = clock_id});
    if (others >= ctx.surroundings().customers_per_clock_max)
        return bad_param("test_clock", "",
                         "You have reached the limit of customers that can be attached to a test "
                         "clock.");
    customer["test_clock"] = clock_id;
    customer["created"] = clock->at("frozen_time");
    return std::nullopt;
}

Answer create_customer(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    Json customer = new_customer(ctx);
    customer["created"] = unix_seconds(ctx.now());
    read_customer(params, customer);
    const auto method_name = params.text("payment_method").value_or("");
    const auto source = params.has("source") ? params.required_text("source") : "";
    const auto clock = params.text("test_clock").value_or("");
    const auto discount = read_discount_request(params);
    if (const auto complaint = params.complaint()) return Refusal(*complaint);

    if (!clock.empty()) {
        if (const auto refusal = join_clock(ctx, customer, clock)) return *refusal;
    }
    ctx.put(customer);
    std::string attached;
    if (!method_name.empty()) {
        auto method = resolve_payment_method(ctx, method_name, "payment_method");
        if (!method) return method;
        method = attach_payment_method(ctx, *std::move(method), text_of(customer, "id"));
        if (!method) return method;
        attached = text_of(*method, "id");
    }
    if (const auto refusal = settle_default(ctx, customer, method_name, attached)) return *refusal;
    if (!source.empty())
        if (const auto refusal = set_source(ctx, customer, source)) return *refusal;
    const auto change = change_discount(ctx, customer, discount);
    if (!change) return Refusal(change.error());
    ctx.put(customer);
    ctx.emit("customer.created", customer);
    record_set_balance(ctx, customer, 0, "initial");
    if (*change) announce_discount(ctx, customer, **change);
    return customer;
}

/// As Stripe: a deleted customer can still be retrieved, as little more than its id.
Answer get_customer(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    const auto& id = operation.path("customer");
    auto customer = operation.ctx.find(kCustomerKind, id);
    if (!customer) customer = operation.ctx.find_deleted(kCustomerKind, id);
    if (!customer) return no_such_object("customer", id);
    return *std::move(customer);
}

Answer update_customer(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    const auto& id = operation.path("customer");
    auto customer = ctx.find(kCustomerKind, id);
    if (!customer) return no_such_object("customer", id);
    const auto balance = integer_of(*customer, "balance");
    read_customer(params, *customer);
    const auto source = params.has("source") ? params.required_text("source") : "";
    const auto default_source =
        params.has("default_source") ? params.required_text("default_source") : "";
    const auto discount = read_discount_request(params);
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    if (const auto refusal = settle_default(ctx, *customer, "", "")) return *refusal;
    if (!default_source.empty())
        if (const auto refusal = choose_source(ctx, *customer, default_source)) return *refusal;
    if (!source.empty())
        if (const auto refusal = set_source(ctx, *customer, source)) return *refusal;
    const auto change = change_discount(ctx, *customer, discount);
    if (!change) return Refusal(change.error());
    ctx.update_and_emit("customer.updated", *customer);
    record_set_balance(ctx, *customer, balance, "adjustment");
    if (*change) announce_discount(ctx, *customer, **change);
    return *std::move(customer);
}

Answer delete_customer(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    const auto& id = operation.path("customer");
    const auto customer = operation.ctx.find(kCustomerKind, id);
    if (!customer) return no_such_object("customer", id);
    return delete_customer_and_contracts(operation.ctx, *customer);
}

/// Customers on a test clock are listed only when asked for by clock.
Answer list_customers(Operation& operation) {
    auto& params = operation.params;
    const auto email = params.text("email");
    const auto clock = params.text("test_clock").value_or("");
    ListFilter filter{.parent = clock};
    read_created(params, filter);
    return list_objects(operation, kCustomerKind, filter, [&](const Json& customer) {
        return text_of(customer, "test_clock") == clock &&
               (!email || text_of(customer, "email") == *email);
    });
}

constexpr auto kCustomerRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/customers", create_customer},
    {"GET", "/v1/customers", list_customers},
    {"GET", "/v1/customers/{customer}", get_customer},
    {"POST", "/v1/customers/{customer}", update_customer},
    {"DELETE", "/v1/customers/{customer}", delete_customer},
});

constexpr auto kCustomerExpandables = std::to_array<Expandable>({
    {"customer", "default_source", "card"},
    {"customer", "invoice_settings.default_payment_method", "payment_method"},
    {"customer", "test_clock", "test_helpers.test_clock"},
});

Json customer_subscriptions(Context& ctx, const Json& customer) {
    auto all = ctx.list("subscription", {.customer = text_of(customer, "id")});
    std::erase_if(all, [](const Json& subscription) {
        return text_of(subscription, "status") == "canceled";
    });
    return included_list("/v1/customers/" + text_of(customer, "id") + "/subscriptions", all);
}

Json customer_sources(Context& ctx, const Json& customer) {
    return included_list("/v1/customers/" + text_of(customer, "id") + "/sources",
                         ctx.list("card", {.customer = text_of(customer, "id")}));
}

Json customer_tax_ids(Context&, const Json& customer) {
    return included_list("/v1/customers/" + text_of(customer, "id") + "/tax_ids", {});
}

/// Nothing is known of where a sandbox customer lives.
Json customer_tax(Context&, const Json&) {
    return Json{{"automatic_tax", "unrecognized_location"},
                {"ip_address", nullptr},
                {"location", nullptr},
                {"provider", "stripe"}};
}

/// By currency; a customer that was never billed has none.
Json customer_credit(Context&, const Json& customer) {
    Json balances = Json::object();
    const auto balance = customer.value("balance", std::int64_t{0});
    if (balance != 0 && customer.at("currency").is_string())
        balances[customer.at("currency").get<std::string>()] = balance;
    return balances;
}

constexpr auto kCustomerIncludables = std::to_array<Includable>({
    {"customer", "invoice_credit_balance", customer_credit},
    {"customer", "sources", customer_sources},
    {"customer", "subscriptions", customer_subscriptions},
    {"customer", "tax", customer_tax},
    {"customer", "tax_ids", customer_tax_ids},
});

}  // namespace

Answer delete_customer_and_contracts(Context& ctx, const Json& customer) {
    const auto id = text_of(customer, "id");
    for (const auto& feature : features()) {
        if (feature.end_customer == nullptr) continue;
        const auto ended = feature.end_customer(ctx, id);
        if (!ended) return Refusal(ended.error());
    }
    for (auto& method : ctx.list("payment_method", {.customer = id}))
        detach_payment_method(ctx, std::move(method));
    const auto last = ctx.find(kCustomerKind, id).value_or(customer);
    Json tombstone = ctx.bury(kCustomerKind, id);
    ctx.emit("customer.deleted", last);
    return tombstone;
}

Answer make_customer(Context& ctx, const Json& form) {
    Operation operation{.ctx = ctx, .params = Params(form), .path_values = {}};
    return create_customer(operation);
}

Answer change_customer(Context& ctx, const std::string& customer, const Json& form) {
    Operation operation{
        .ctx = ctx, .params = Params(form), .path_values = {{"customer", customer}}};
    return update_customer(operation);
}

std::optional<StripeError> check_mail_address(Context& ctx, const std::string& customer) {
    const auto found = ctx.look("customer", customer);
    if (!found || !text_of(*found, "email").empty()) return std::nullopt;
    return bad_param("", "",
                     "Missing email. In order to create invoices that are sent to the customer, "
                     "the customer must have a valid email.")
        .error();
}

const Feature& customer_feature() {
    static constexpr Feature kFeature{.operations = kCustomerRoutes,
                                      .expandables = kCustomerExpandables,
                                      .includables = kCustomerIncludables};
    return kFeature;
}

}  // namespace turnpike::twin
