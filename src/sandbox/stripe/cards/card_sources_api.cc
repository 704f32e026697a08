#include <array>
#include <utility>

#include "json/value.h"
#include "sandbox/stripe/cards/card_sources.h"
#include "sandbox/stripe/cards/cards.h"
#include "sandbox/stripe/cards/payment_methods.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {
namespace {

Outcome<Json> require_owner(Operation& operation) {
    const std::string& id = operation.path("customer");
    auto customer = operation.ctx.find("customer", id);
    if (!customer) return no_such_object("customer", id);
    return *std::move(customer);
}

/// The source of the path, of the customer of the path.
Outcome<Json> require_source(Operation& operation) {
    const auto customer = require_owner(operation);
    if (!customer) return customer;
    const std::string& id = operation.path("source");
    auto source = operation.ctx.find("card", id);
    if (!source || text_of(*source, "customer") != text_of(*customer, "id"))
        return no_such_object("source", id);
    return *std::move(source);
}

/// The first source becomes the default; later ones do not.
Answer create_source(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    const std::string token = params.required_text("source");
    const auto metadata = params.metadata();
    params.ignore("validate");
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    auto customer = require_owner(operation);
    if (!customer) return customer;
    auto source = add_source(ctx, *customer, token, metadata);
    if (!source) return source;
    if (text_of(*customer, "default_source").empty()) {
        (*customer)["default_source"] = source->at("id");
        ctx.update_and_emit("customer.updated", *customer);
    }
    return source;
}

Answer list_sources(Operation& operation) {
    const auto customer = require_owner(operation);
    if (!customer) return customer;
    const auto object = operation.params.text("object").value_or("card");
    return list_objects(operation, "card", {.customer = text_of(*customer, "id")},
                        [&](const Json&) { return object == "card"; });
}

Answer get_source(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    return require_source(operation);
}

/// What a source shows flat, as the payment method keeps it.
void read_source(Params& params, Json& method) {
    Json& billing = method["billing_details"];
    set_text(params, "name", billing);
    Json& address = billing["address"];
    for (const std::string line : {"city", "country", "line1", "line2", "state"})
        if (const auto text = params.text("address_" + line)) address[line] = text_or_null(*text);
    if (const auto zip = params.text("address_zip")) address["postal_code"] = text_or_null(*zip);
    read_expiry(params, method["card"]);
    merge_metadata(method, params.metadata());
}

Answer update_source(Operation& operation) {
    Context& ctx = operation.ctx;
    const auto source = require_source(operation);
    if (!source) return source;
    const std::string id = text_of(*source, "id");
    Json method = ctx.find("payment_method", id).value_or(Json::object());
    read_source(operation.params, method);
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    ctx.update_and_emit("payment_method.updated", method);
    follow_method(ctx, method);
    return require_source(operation);
}

Answer delete_source(Operation& operation) {
    Context& ctx = operation.ctx;
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    const auto source = require_source(operation);
    if (!source) return source;
    if (auto method = ctx.find("payment_method", text_of(*source, "id")))
        detach_payment_method(ctx, *std::move(method));
    return Json{{"id", source->at("id")}, {"object", "card"}, {"deleted", true}};
}

constexpr auto kSourceRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/customers/{customer}/sources", create_source},
    {"GET", "/v1/customers/{customer}/sources", list_sources},
    {"GET", "/v1/customers/{customer}/sources/{source}", get_source},
    {"POST", "/v1/customers/{customer}/sources/{source}", update_source},
    {"DELETE", "/v1/customers/{customer}/sources/{source}", delete_source},
});

constexpr auto kCardSourceExpandables = std::to_array<Expandable>({
    {"card", "customer", "customer"},
});

}  // namespace

const Feature& card_source_feature() {
    static constexpr Feature kFeature{.operations = kSourceRoutes,
                                      .expandables = kCardSourceExpandables};
    return kFeature;
}

}  // namespace turnpike::twin
