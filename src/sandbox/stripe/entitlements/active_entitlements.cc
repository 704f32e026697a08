#include "sandbox/stripe/entitlements/active_entitlements.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/stripe/core/customer_of.h"
#include "sandbox/stripe/entitlements/features.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kActiveKind = "entitlements.active_entitlement";
/// What one subscription grants; never sent.
constexpr std::string_view kGrantKind = "turnpike.entitlement_grant";

/// The states in which a seller provisions: README.md.
bool grants(const Json& subscription) {
    constexpr std::array<std::string_view, 3> kGranting{"active", "trialing", "past_due"};
    return std::ranges::find(kGranting, text_of(subscription, "status")) != kGranting.end();
}

struct Item {
    std::string product;
    std::int64_t period_start;
};

std::vector<Item> items_of(const Json& subscription) {
    std::vector<Item> items;
    for (const Json& item : part_of(part_of(subscription, "items"), "data"))
        items.push_back(
            {text_of(part_of(item, "price"), "product"), integer_of(item, "current_period_start")});
    return items;
}

/// As long as this stays, what the products have now does not matter.
Json basis_of(const std::vector<Item>& items) {
    std::set<std::pair<std::string, std::int64_t>> sorted;
    for (const auto& [product, period_start] : items) sorted.emplace(product, period_start);
    return Json(sorted);
}

Json grant_of(Context& ctx, const Json& subscription, const std::optional<Json>& before) {
    Json grant{{"id", text_of(subscription, "id")},
               {"object", std::string(kGrantKind)},
               {"customer", text_of(subscription, "customer")},
               {"features", Json::array()},
               {"basis", Json()}};
    if (!grants(subscription)) return grant;
    const auto items = items_of(subscription);
    grant["basis"] = basis_of(items);
    if (before && before->at("basis") == grant["basis"]) return *before;
    std::set<std::string> features;
    for (const Item& item : items)
        for (auto& feature : features_of_product(ctx, item.product))
            features.insert(std::move(feature));
    grant["features"] = features;
    return grant;
}

std::set<std::string> granted_to(Context& ctx, const std::string& customer) {
    std::set<std::string> features;
    for (const Json& grant : ctx.list(kGrantKind, {.customer = customer}))
        for (const Json& feature : grant.at("features")) features.insert(feature);
    return features;
}

/// The member "entitlements" of a summary.
Json list_of(const std::string& customer, const std::vector<Json>& active) {
    return Json{{"object", "list"},
                {"data", active},
                {"has_more", false},
                {"url", "/v1/customer/" + customer + "/entitlements"}};
}

/// \return whether anything has changed
bool bring_up_to_date(Context& ctx, const std::string& customer, const std::vector<Json>& active) {
    bool has_changed = false;
    auto missing = granted_to(ctx, customer);
    for (const Json& entitlement : active) {
        if (missing.erase(text_of(entitlement, "feature")) > 0) continue;
        ctx.remove(kActiveKind, text_of(entitlement, "id"));
        has_changed = true;
    }
    for (const std::string& id : missing) {
        const auto feature = ctx.find(kFeatureKind, id);
        ctx.put(Json{{"id", ctx.new_id("ent")},
                     {"object", std::string(kActiveKind)},
                     {"feature", id},
                     {"livemode", false},
                     {"lookup_key", text_of(*feature, "lookup_key")},
                     {"_parent", customer}});
        has_changed = true;
    }
    return has_changed;
}

Answer get_entitlement(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto found = operation.ctx.find(kActiveKind, operation.path("id"));
    if (!found) return no_such_object("active_entitlement", operation.path("id"));
    return *std::move(found);
}

Answer list_entitlements(Operation& operation) {
    auto& ctx = operation.ctx;
    const auto customer = operation.params.required_text("customer");
    if (!customer.empty()) {
        const auto known = require_customer(ctx, customer, "customer");
        if (!known) return Refusal(known.error());
    }
    return list_objects(operation, kActiveKind, {.parent = customer});
}

constexpr auto kActiveEntitlementRoutes = std::to_array<OperationRoute>({
    {"GET", "/v1/entitlements/active_entitlements", list_entitlements},
    {"GET", "/v1/entitlements/active_entitlements/{id}", get_entitlement},
});

constexpr auto kActiveEntitlementExpandables = std::to_array<Expandable>({
    {"entitlements.active_entitlement", "feature", "entitlements.feature"},
});

/// Grants and takes away what this subscription, as it is now, changes for its customer, and raises
/// entitlements.active_entitlement_summary.updated if that is anything. A subscription grants what
/// its products had when its items, or its billing period, last changed: features that are attached
/// or detached later count from its next period on, as Stripe documents it.
void update_entitlements(Context& ctx, std::string_view /*type*/, const Json& subscription) {
    const auto before = ctx.find(kGrantKind, text_of(subscription, "id"));
    const Json grant = grant_of(ctx, subscription, before);
    if (before == grant) return;
    ctx.put(grant);
    const auto customer = text_of(subscription, "customer");
    const auto active = ctx.list(kActiveKind, {.parent = customer});
    if (!bring_up_to_date(ctx, customer, active)) return;
    const Json summary{
        {"object", "entitlements.active_entitlement_summary"},
        {"customer", customer},
        {"entitlements", list_of(customer, ctx.list(kActiveKind, {.parent = customer}))},
        {"livemode", false}};
    ctx.emit("entitlements.active_entitlement_summary.updated", summary,
             Json{{"entitlements", {{"data", active}}}});
}

constexpr auto kEntitlementListeners = std::to_array<EventListener>({
    {"customer.subscription.", update_entitlements},
});

}  // namespace

const Feature& active_entitlement_feature() {
    static constexpr Feature kFeature{.operations = kActiveEntitlementRoutes,
                                      .expandables = kActiveEntitlementExpandables,
                                      .listeners = kEntitlementListeners};
    return kFeature;
}

}  // namespace turnpike::twin
