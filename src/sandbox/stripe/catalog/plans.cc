#include "sandbox/stripe/catalog/plans.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sandbox/stripe/catalog/price_schemes.h"
#include "sandbox/stripe/catalog/prices.h"
#include "sandbox/stripe/catalog/products.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/currencies.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {
namespace {

bool is_recurring(const Json& price) { return text_of(price, "type") == "recurring"; }

void read_notes(Params& params, Json& price) {
    set_boolean(params, "active", price);
    set_text(params, "nickname", price);
    merge_metadata(price, params.metadata());
}

/// All but the product.
Json read_new_plan(Context& ctx, Params& params) {
    Json price = blank_price(ctx);
    price["currency"] = read_currency(params);
    price["type"] = "recurring";
    read_scheme(params, price,
                {.amount = "amount", .decimal = "amount_decimal", .transform = "transform_usage"});
    price["recurring"] = read_recurring(ctx, params);
    read_notes(params, price);
    if (const auto id = params.text("id"); id && !id->empty()) price["id"] = *id;
    return price;
}

/// product: an id, or the members of a new product, which is not stored yet.
struct GivenProduct {
    std::string id;
    std::optional<Json> made;
};
GivenProduct read_product_of(Context& ctx, Params& params) {
    GivenProduct given;
    if (auto data = params.object_or_null("product")) {
        given.made = read_inline_product(ctx, *data);
        const auto id = data->text("id");
        if (id && !id->empty()) (*given.made)["id"] = *id;
        given.id = text_of(*given.made, "id");
        params.absorb(*data);
    } else {
        given.id = params.required_text("product");
    }
    return given;
}

Outcome<Json> require_plan(Operation& operation) {
    const std::string& id = operation.path("plan");
    auto price = operation.ctx.find("price", id);
    if (!price || !is_recurring(*price)) return no_such_object("plan", id);
    return *std::move(price);
}

Answer create_plan(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    Json price = read_new_plan(ctx, params);
    const GivenProduct product = read_product_of(ctx, params);
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    if (ctx.find("price", text_of(price, "id")))
        return bad_param("id", "resource_already_exists", "Plan already exists.");
    const bool exists = ctx.find("product", product.id).has_value();
    if (product.made && exists)
        return bad_param("product[id]", "resource_already_exists", "Product already exists.");
    if (!product.made && !exists) return no_such_param("product", product.id, "product");

    if (product.made) {
        ctx.put(*product.made);
        ctx.emit("product.created", *product.made);
    }
    price["product"] = product.id;
    ctx.put(price);
    ctx.emit("plan.created", plan_of(price));
    ctx.emit("price.created", price);
    return plan_of(price);
}

Answer get_plan(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    const auto price = require_plan(operation);
    if (!price) return price;
    return plan_of(*price);
}

Answer update_plan(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    auto price = require_plan(operation);
    if (!price) return price;
    const Json before = visible(plan_of(*price));
    read_notes(params, *price);
    set_integer(params, "trial_period_days", (*price)["recurring"]);
    const auto product = params.text("product");
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    if (product && !ctx.find("product", *product))
        return no_such_param("product", *product, "product");
    if (product) (*price)["product"] = *product;

    Json plan = plan_of(*price);
    const Json previous = previous_attributes(before, visible(plan));
    if (!previous.empty()) ctx.emit("plan.updated", plan, previous);
    ctx.update_and_emit("price.updated", *price);
    return plan;
}

/// Its subscribers keep it: their items hold a copy.
Answer delete_plan(Operation& operation) {
    Context& ctx = operation.ctx;
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    const auto price = require_plan(operation);
    if (!price) return price;
    const std::string id = text_of(*price, "id");
    ctx.remove("price", id);
    ctx.emit("plan.deleted", plan_of(*price));
    ctx.emit("price.deleted", *price);
    return Json{{"id", id}, {"object", "plan"}, {"deleted", true}};
}

Answer list_plans(Operation& operation) {
    Params& params = operation.params;
    const auto active = params.boolean("active");
    ListFilter filter{.parent = params.text("product").value_or("")};
    read_created(params, filter);
    auto page = list_objects(operation, "price", filter, [&](const Json& price) {
        return is_recurring(price) && !flag_of(price, "_inline") &&
               (!active || flag_of(price, "active") == *active);
    });
    if (!page) return page;
    for (Json& price : (*page)["data"]) price = plan_of(price);
    return page;
}

constexpr auto kPlanRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/plans", create_plan},
    {"GET", "/v1/plans", list_plans},
    {"GET", "/v1/plans/{plan}", get_plan},
    {"POST", "/v1/plans/{plan}", update_plan},
    {"DELETE", "/v1/plans/{plan}", delete_plan},
});

constexpr auto kPlanExpandables = std::to_array<Expandable>({
    {"plan", "product", "product"},
});

/// A plan has the id of the price behind it.
Json plan_tiers(Context& ctx, const Json& plan) {
    const auto price = ctx.find("price", text_of(plan, "id"));
    return price ? price->value("tiers", Json()) : Json();
}

constexpr auto kPlanIncludables = std::to_array<Includable>({{"plan", "tiers", plan_tiers}});

}  // namespace

Json plan_of(const Json& price) {
    const Json& recurring = part_of(price, "recurring");
    Json plan;
    plan["id"] = price.at("id");
    plan["object"] = "plan";
    plan["active"] = price.value("active", true);
    plan["amount"] = price.value("unit_amount", Json());
    plan["amount_decimal"] = price.value("unit_amount_decimal", Json());
    plan["billing_scheme"] = price.value("billing_scheme", "per_unit");
    plan["created"] = price.value("created", std::int64_t{0});
    plan["currency"] = price.at("currency");
    plan["interval"] = recurring.value("interval", Json());
    plan["interval_count"] = recurring.value("interval_count", Json());
    plan["livemode"] = false;
    plan["metadata"] = part_of(price, "metadata");
    plan["meter"] = recurring.value("meter", Json());
    plan["nickname"] = price.value("nickname", Json());
    plan["product"] = text_of(price, "product");
    plan["tiers_mode"] = price.value("tiers_mode", Json());
    plan["transform_usage"] = price.value("transform_quantity", Json());
    plan["trial_period_days"] = recurring.value("trial_period_days", Json());
    plan["usage_type"] = recurring.value("usage_type", "licensed");
    return plan;
}

const Feature& plan_feature() {
    static constexpr Feature kFeature{.operations = kPlanRoutes,
                                      .expandables = kPlanExpandables,
                                      .includables = kPlanIncludables};
    return kFeature;
}

}  // namespace turnpike::twin
