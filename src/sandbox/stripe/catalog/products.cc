#include "sandbox/stripe/catalog/products.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "sandbox/stripe/catalog/prices.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/fields.h"
#include "sandbox/stripe/wire/inert_parameters.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kProductKind = "product";
constexpr std::size_t kImagesMax = 8;
constexpr std::size_t kFeaturesMax = 15;

Json new_product(Context& ctx) {
    Json product;
    product["id"] = ctx.new_id("prod");
    product["object"] = std::string(kProductKind);
    product["active"] = true;
    product["created"] = unix_seconds(ctx.now());
    product["images"] = Json::array();
    product["livemode"] = false;
    product["marketing_features"] = Json::array();
    product["metadata"] = Json::object();
    product["type"] = "service";
    product["updated"] = product["created"];
    for (const char* name : {"default_price", "description", "name", "package_dimensions",
                             "shippable", "statement_descriptor", "tax_code", "unit_label", "url"})
        product[name] = nullptr;
    return product;
}

void read_features(Params& params, Json& product) {
    if (!params.has("marketing_features")) return;
    Json features = Json::array();
    for (auto& feature : params.objects("marketing_features")) {
        features.push_back({{"name", feature.required_text("name")}});
        params.absorb(feature);
    }
    if (features.size() > kFeaturesMax)
        params.complain(bad_param(params.name_of("marketing_features"), "",
                                  "You may only specify up to 15 marketing features."));
    product["marketing_features"] = std::move(features);
}

void read_product(Params& params, Json& product) {
    for (const std::string_view name :
         {"description", "statement_descriptor", "tax_code", "unit_label", "url"})
        set_text(params, name, product);
    set_boolean(params, "active", product);
    set_boolean(params, "shippable", product);
    merge_metadata(product, params.metadata());
    read_features(params, product);
    if (params.has("images")) {
        product["images"] = params.texts("images");
        if (product["images"].size() > kImagesMax)
            params.complain(
                bad_param(params.name_of("images"), "", "You may only specify up to 8 images."));
    }
    ignore_object(params, "package_dimensions", {"height", "length", "weight", "width"});
}

Answer create_product(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    Json product = new_product(ctx);
    product["name"] = params.required_text("name");
    read_product(params, product);
    params.one_of("type", {"good", "service"});
    const auto id = params.text("id").value_or("");
    auto price_data = params.object("default_price_data");
    if (const auto complaint = params.complaint()) return Refusal(*complaint);

    if (!id.empty()) product["id"] = id;
    if (!id.empty() && ctx.find(kProductKind, id))
        return bad_param("id", "resource_already_exists", "Product already exists.");
    ctx.put(product);
    ctx.emit("product.created", product);
    if (!price_data) return product;

    auto price = create_price_of(ctx, *price_data, text_of(product, "id"));
    if (!price) return price;
    product["default_price"] = text_of(*price, "id");
    ctx.update_and_emit("product.updated", product);
    return product;
}

Answer get_product(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto product = operation.ctx.find(kProductKind, operation.path("product"));
    if (!product) return no_such_object("product", operation.path("product"));
    return *std::move(product);
}

Answer update_product(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    auto product = ctx.find(kProductKind, operation.path("product"));
    if (!product) return no_such_object("product", operation.path("product"));
    if (params.has("name")) (*product)["name"] = params.required_text("name");
    read_product(params, *product);
    const auto price_id = params.text("default_price");
    if (const auto complaint = params.complaint()) return Refusal(*complaint);

    if (price_id) {
        const auto price = ctx.find("price", *price_id);
        const bool own = price && text_of(*price, "product") == text_of(*product, "id");
        if (!price_id->empty() && !own) return no_such_param("price", *price_id, "default_price");
        (*product)["default_price"] = text_or_null(*price_id);
    }
    (*product)["updated"] = unix_seconds(ctx.now());
    ctx.update_and_emit("product.updated", *product);
    return *std::move(product);
}

Answer delete_product(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto& ctx = operation.ctx;
    const auto& id = operation.path("product");
    const auto product = ctx.find(kProductKind, id);
    if (!product) return no_such_object("product", id);
    if (ctx.count("price", {.parent = id}) > 0)
        return bad_param("", "",
                         "This product cannot be deleted because it has one or more user-created "
                         "prices.");
    ctx.remove(kProductKind, id);
    ctx.emit("product.deleted", *product);
    return Json{{"id", id}, {"object", std::string(kProductKind)}, {"deleted", true}};
}

Answer list_products(Operation& operation) {
    auto& params = operation.params;
    const auto active = params.boolean("active");
    const auto shippable = params.boolean("shippable");
    const auto ids = params.texts("ids");
    const auto url = params.text("url");
    params.one_of("type", {"good", "service"});
    ListFilter filter;
    read_created(params, filter);
    return list_objects(operation, kProductKind, filter, [&](const Json& product) {
        return (!active || flag_of(product, "active") == *active) &&
               (!shippable || flag_of(product, "shippable") == *shippable) &&
               (!url || text_of(product, "url") == *url) &&
               (ids.empty() || std::ranges::find(ids, text_of(product, "id")) != ids.end());
    });
}

constexpr auto kProductRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/products", create_product},
    {"GET", "/v1/products", list_products},
    {"GET", "/v1/products/{product}", get_product},
    {"POST", "/v1/products/{product}", update_product},
    {"DELETE", "/v1/products/{product}", delete_product},
});

constexpr auto kProductExpandables = std::to_array<Expandable>({
    {"product", "default_price", "price"},
    {"product", "tax_code", "tax_code"},
});

}  // namespace

Json read_inline_product(Context& ctx, Params& params) {
    Json product = new_product(ctx);
    product["name"] = params.required_text("name");
    set_boolean(params, "active", product);
    for (const std::string_view name : {"statement_descriptor", "tax_code", "unit_label"})
        set_text(params, name, product);
    merge_metadata(product, params.metadata());
    return product;
}

const Feature& product_feature() {
    static constexpr Feature kFeature{.operations = kProductRoutes,
                                      .expandables = kProductExpandables};
    return kFeature;
}

}  // namespace turnpike::twin
