#include "sandbox/stripe/entitlements/features.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kAttachmentKind = "product_feature";
constexpr std::size_t kLookupKeyCharactersMax = 80;

/// An archived feature leaves its lookup key to another.
bool is_taken(Context& ctx, const std::string& lookup_key) {
    return std::ranges::any_of(ctx.list(kFeatureKind, {}), [&](const Json& feature) {
        return flag_of(feature, "active") && text_of(feature, "lookup_key") == lookup_key;
    });
}

Answer create_feature(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    const auto name = params.required_text("name");
    const auto lookup_key = params.text("lookup_key", kLookupKeyCharactersMax).value_or("");
    if (lookup_key.empty()) params.complain(missing_param("lookup_key"));
    Json feature{{"id", ctx.new_id("feat")},
                 {"object", std::string(kFeatureKind)},
                 {"active", true},
                 {"livemode", false},
                 {"lookup_key", lookup_key},
                 {"metadata", Json::object()},
                 {"name", name}};
    merge_metadata(feature, params.metadata());
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    if (is_taken(ctx, lookup_key))
        return bad_param("lookup_key", "resource_already_exists",
                         "An active feature with this lookup key already exists.");
    ctx.put(feature);
    return feature;
}

Answer get_feature(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto feature = operation.ctx.find(kFeatureKind, operation.path("feature"));
    if (!feature) return no_such_object("feature", operation.path("feature"));
    return *std::move(feature);
}

Answer update_feature(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    auto feature = ctx.find(kFeatureKind, operation.path("feature"));
    if (!feature) return no_such_object("feature", operation.path("feature"));
    const bool was_active = flag_of(*feature, "active");
    set_boolean(params, "active", *feature);
    if (params.has("name")) (*feature)["name"] = params.required_text("name");
    merge_metadata(*feature, params.metadata());
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    const bool comes_back = !was_active && flag_of(*feature, "active");
    if (comes_back && is_taken(ctx, text_of(*feature, "lookup_key")))
        return bad_param("active", "resource_already_exists",
                         "An active feature with this lookup key already exists.");
    ctx.put(*feature);
    return *std::move(feature);
}

Answer list_features(Operation& operation) {
    auto& params = operation.params;
    const bool archived = params.boolean("archived").value_or(false);
    const auto lookup_key = params.text("lookup_key");
    return list_objects(operation, kFeatureKind, {}, [&](const Json& feature) {
        return flag_of(feature, "active") != archived &&
               (!lookup_key || text_of(feature, "lookup_key") == *lookup_key);
    });
}

Json attachment(Context& ctx, const Json& stored) {
    Json shown = stored;
    shown["entitlement_feature"] = *ctx.find(kFeatureKind, text_of(stored, "_feature"));
    return shown;
}

/// Of the product in the path.
Outcome<Json> find_attachment(Operation& operation) {
    const auto& id = operation.path("id");
    auto found = operation.ctx.find(kAttachmentKind, id);
    if (!found || text_of(*found, "_parent") != operation.path("product"))
        return no_such_object("product_feature", id);
    return *std::move(found);
}

Answer attach_feature(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    const auto& product = operation.path("product");
    if (!ctx.find("product", product)) return no_such_object("product", product);
    const auto id = params.required_text("entitlement_feature");
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    const auto feature = ctx.find(kFeatureKind, id);
    if (!feature) return no_such_param("feature", id, "entitlement_feature");
    if (!flag_of(*feature, "active"))
        return bad_param("entitlement_feature", "",
                         "This feature is archived. Only an active one can be attached.");
    const auto attached = features_of_product(ctx, product);
    if (std::ranges::find(attached, id) != attached.end())
        return bad_param("entitlement_feature", "resource_already_exists",
                         "This feature is already attached to the product.");
    const Json stored{{"id", ctx.new_id("prodft")},
                      {"object", std::string(kAttachmentKind)},
                      {"livemode", false},
                      {"_parent", product},
                      {"_feature", id}};
    ctx.put(stored);
    return attachment(ctx, stored);
}

Answer get_attachment(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    const auto found = find_attachment(operation);
    if (!found) return Refusal(found.error());
    return attachment(operation.ctx, *found);
}

Answer list_attachments(Operation& operation) {
    auto& ctx = operation.ctx;
    const auto& product = operation.path("product");
    if (!ctx.find("product", product)) return no_such_object("product", product);
    std::vector<Json> shown;
    for (const Json& stored : ctx.list(kAttachmentKind, {.parent = product}))
        shown.push_back(attachment(ctx, stored));
    return list_page(operation, operation.url, std::move(shown));
}

Answer detach_feature(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    const auto found = find_attachment(operation);
    if (!found) return Refusal(found.error());
    const auto id = text_of(*found, "id");
    operation.ctx.remove(kAttachmentKind, id);
    return Json{{"id", id}, {"object", std::string(kAttachmentKind)}, {"deleted", true}};
}

constexpr auto kFeatureRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/entitlements/features", create_feature},
    {"GET", "/v1/entitlements/features", list_features},
    {"GET", "/v1/entitlements/features/{feature}", get_feature},
    {"POST", "/v1/entitlements/features/{feature}", update_feature},
    {"POST", "/v1/products/{product}/features", attach_feature},
    {"GET", "/v1/products/{product}/features", list_attachments},
    {"GET", "/v1/products/{product}/features/{id}", get_attachment},
    {"DELETE", "/v1/products/{product}/features/{id}", detach_feature},
});

}  // namespace

std::vector<std::string> features_of_product(Context& ctx, const std::string& product) {
    std::vector<std::string> features;
    for (const Json& stored : ctx.list(kAttachmentKind, {.parent = product}))
        features.push_back(text_of(stored, "_feature"));
    return features;
}

const Feature& entitlement_feature() {
    static constexpr Feature kFeature{.operations = kFeatureRoutes};
    return kFeature;
}

}  // namespace turnpike::twin
