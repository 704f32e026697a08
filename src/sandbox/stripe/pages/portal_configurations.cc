#include "sandbox/stripe/pages/portal_configurations.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "json/value.h"
#include "sandbox/stripe/pages/portal.h"
#include "sandbox/stripe/subscriptions/subscriptions_params.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/checked_fields.h"
#include "sandbox/stripe/wire/fields.h"
#include "sandbox/stripe/wire/inert_parameters.h"

namespace turnpike::twin {
namespace {

Json switched(bool on) {
    Json feature;
    feature["enabled"] = on;
    return feature;
}

/// What a feature starts with; every one is off until it is asked for.
Json blank_features() {
    Json features;
    features["customer_update"]["allowed_updates"] = Json::array();
    features["customer_update"]["enabled"] = false;
    features["invoice_history"] = switched(false);
    features["payment_method_update"] = switched(false);
    features["payment_method_update"]["payment_method_configuration"] = nullptr;
    Json cancel = switched(false);
    cancel["cancellation_reason"]["enabled"] = false;
    cancel["cancellation_reason"]["options"] = Json::array();
    cancel["mode"] = "at_period_end";
    cancel["proration_behavior"] = "none";
    features["subscription_cancel"] = std::move(cancel);
    Json update = switched(false);
    update["billing_cycle_anchor"] = nullptr;
    update["default_allowed_updates"] = Json::array({"price"});
    update["proration_behavior"] = "always_invoice";
    update["schedule_at_period_end"]["conditions"] = Json::array();
    update["trial_update_behavior"] = "end_trial";
    features["subscription_update"] = std::move(update);
    return features;
}

Json new_configuration(Context& ctx, const std::string& id) {
    Json configuration;
    configuration["id"] = id;
    configuration["object"] = std::string(kConfiguration);
    configuration["active"] = true;
    configuration["application"] = nullptr;
    for (const char* member : {"headline", "privacy_policy_url", "terms_of_service_url"})
        configuration["business_profile"][member] = nullptr;
    configuration["created"] = unix_seconds(ctx.now());
    configuration["default_return_url"] = nullptr;
    configuration["features"] = blank_features();
    configuration["is_default"] = false;
    configuration["livemode"] = false;
    configuration["login_page"]["enabled"] = false;
    configuration["login_page"]["url"] = nullptr;
    configuration["metadata"] = Json::object();
    configuration["name"] = nullptr;
    configuration["updated"] = unix_seconds(ctx.now());
    return configuration;
}

constexpr std::string_view kOpened = R"sql(
    SELECT created_at FROM accounts WHERE id = $1
)sql";

/// The settings that the account saved on its first day. A look at them stores nothing, so they
/// have the same id each time.
Json saved_settings(Context& ctx) {
    std::string letters = to_base64url(sha256("portal:" + ctx.account()));
    std::erase_if(letters, [](char c) { return c == '-' || c == '_'; });
    Json settings = new_configuration(ctx, "bpc_1" + letters.substr(0, 23));
    if (const auto row = ctx.transaction().one(kOpened, {ctx.account()}))
        settings["created"] = settings["updated"] = unix_seconds(row->instant(0));
    settings["is_default"] = true;
    for (const char* name :
         {"invoice_history", "payment_method_update", "subscription_cancel", "subscription_update"})
        settings["features"][name]["enabled"] = true;
    return settings;
}

constexpr std::size_t kProductsMax = 10;

Json read_adjustable_quantity(Params& product) {
    Json quantity{{"enabled", false}, {"maximum", nullptr}, {"minimum", 1}};
    auto given = product.object("adjustable_quantity");
    if (!given) return quantity;
    set_boolean(*given, "enabled", quantity);
    set_integer(*given, "maximum", quantity);
    set_integer(*given, "minimum", quantity);
    product.absorb(*given);
    return quantity;
}

/// products[]: what subscription_update may change to, as {"adjustable_quantity", "product",
/// "prices"}.
Outcome<Json> read_products(Context& ctx, Params& feature) {
    Json products = Json::array();
    for (Params& given : feature.objects("products")) {
        const std::string id = given.required_text("product");
        const auto prices = given.texts("prices");
        Json quantity = read_adjustable_quantity(given);
        if (prices.empty()) given.complain(missing_param(given.name_of("prices")));
        if (auto complaint = given.complaint()) return Refusal(*std::move(complaint));
        if (!ctx.find("product", id)) return no_such_param("product", id, given.name_of("product"));
        for (std::size_t i = 0; i < prices.size(); ++i) {
            const std::string where = given.name_of("prices") + "[" + std::to_string(i) + "]";
            const auto price = ctx.find("price", prices[i]);
            if (!price) return no_such_param("price", prices[i], where);
            if (text_of(*price, "product") != id)
                return bad_param(
                    where, "",
                    "The price " + prices[i] + " does not belong to the product " + id + ".");
        }
        products.push_back(Json{
            {"adjustable_quantity", std::move(quantity)}, {"product", id}, {"prices", prices}});
    }
    if (products.size() > kProductsMax)
        return bad_param(feature.name_of("products"), "",
                         "A portal configuration can offer at most 10 products.");
    return products;
}

/// Complains about what this portal lacks of a list of choices; nullopt: the list is not given.
std::optional<Json> read_choices(Params& feature, std::string_view name,
                                 const std::vector<std::string_view>& known) {
    if (!feature.has(name)) return std::nullopt;
    Json chosen = Json::array();
    for (const std::string& each : feature.texts(name)) {
        if (std::ranges::find(known, each) == known.end())
            feature.complain(
                bad_param(feature.name_of(name), "",
                          "This sandbox's portal does not know `" + each + "` there."));
        chosen.push_back(each);
    }
    return chosen;
}

void read_reasons(Params& feature, Json& cancel) {
    auto reason = feature.object("cancellation_reason");
    if (!reason) return;
    if (const auto enabled = reason->boolean("enabled"))
        cancel["cancellation_reason"]["enabled"] = *enabled;
    if (auto options = read_choices(*reason, "options", {kFeedbacks.begin(), kFeedbacks.end()}))
        cancel["cancellation_reason"]["options"] = *std::move(options);
    feature.absorb(*reason);
}

void read_cancel_feature(Params& feature, Json& cancel) {
    if (const auto mode = feature.one_of("mode", {"at_period_end", "immediately"}))
        cancel["mode"] = *mode;
    read_reasons(feature, cancel);
}

/// schedule_at_period_end[conditions]: of changes that wait for the end of the period.
Json read_conditions(Params& later) {
    Json conditions = Json::array();
    for (Params& given : later.objects("conditions")) {
        const auto type = given.one_of("type", {"decreasing_item_amount", "shortening_interval"});
        if (!type) given.complain(missing_param(given.name_of("type")));
        conditions.push_back(Json{{"type", type.value_or("")}});
        later.absorb(given);
    }
    return conditions;
}

std::optional<StripeError> read_update_feature(Context& ctx, Params& feature, Json& update) {
    if (auto allowed = read_choices(feature, "default_allowed_updates",
                                    {"price", "promotion_code", "quantity"}))
        update["default_allowed_updates"] = *std::move(allowed);
    if (const auto trial = feature.one_of("trial_update_behavior", {"continue_trial", "end_trial"}))
        update["trial_update_behavior"] = *trial;
    if (const auto anchor = feature.one_of("billing_cycle_anchor", {"now", "unchanged"}))
        update["billing_cycle_anchor"] = *anchor;
    if (auto later = feature.object("schedule_at_period_end")) {
        if (later->has("conditions"))
            update["schedule_at_period_end"]["conditions"] = read_conditions(*later);
        feature.absorb(*later);
    }
    if (!feature.has("products")) return std::nullopt;
    auto products = read_products(ctx, feature);
    if (!products) return products.error();
    update["_products"] = *std::move(products);
    return std::nullopt;
}

void read_customer_feature(Params& feature, Json& customer) {
    if (auto allowed = read_choices(feature, "allowed_updates", {"email", "name", "phone"}))
        customer["allowed_updates"] = *std::move(allowed);
}

std::optional<StripeError> read_features(Context& ctx, Params& params, Json& features) {
    auto given = params.object("features");
    if (!given) return std::nullopt;
    for (const char* name : {"customer_update", "invoice_history", "payment_method_update",
                             "subscription_cancel", "subscription_update"}) {
        auto feature = given->object(name);
        if (!feature) continue;
        const std::string_view which = name;
        Json& kept = features[name];
        if (const auto enabled = feature->boolean("enabled")) kept["enabled"] = *enabled;
        if (which.starts_with("subscription_"))
            if (const auto behavior = feature->one_of(
                    "proration_behavior", {"always_invoice", "create_prorations", "none"}))
                kept["proration_behavior"] = *behavior;
        if (which == "customer_update") read_customer_feature(*feature, kept);
        if (which == "payment_method_update")
            feature->refuse("payment_method_configuration",
                            "This sandbox has no payment method configurations.");
        if (which == "subscription_cancel") read_cancel_feature(*feature, kept);
        if (which == "subscription_update")
            if (auto error = read_update_feature(ctx, *feature, kept)) return error;
        given->absorb(*feature);
    }
    params.absorb(*given);
    if (flag_of(features.at("subscription_update"), "enabled") &&
        !flag_of(features.at("payment_method_update"), "enabled"))
        params.complain(bad_param(
            "", "", "Cannot enable subscription updates while payment method update is disabled."));
    return std::nullopt;
}

void read_profile(Params& params, Json& configuration) {
    auto profile = params.object("business_profile");
    if (!profile) return;
    Json& shown = configuration["business_profile"];
    set_text(*profile, "headline", shown);
    for (const char* name : {"privacy_policy_url", "terms_of_service_url"})
        if (const auto address = read_web_address(*profile, name))
            shown[name] = text_or_null(*address);
    params.absorb(*profile);
}

/// What a configuration is made with and can be changed to, and the end of the parameters.
std::optional<StripeError> read_configuration(Context& ctx, Params& params, Json& configuration) {
    if (auto error = read_features(ctx, params, configuration["features"])) return error;
    read_profile(params, configuration);
    if (const auto address = read_web_address(params, "default_return_url"))
        configuration["default_return_url"] = text_or_null(*address);
    set_text(params, "name", configuration);
    merge_metadata(configuration, params.metadata());
    ignore_object(params, "login_page", {"enabled"});
    return params.complaint();
}

Json shown_default(Context& ctx) {
    auto stored = find_default_configuration(ctx);
    return stored ? *std::move(stored) : saved_settings(ctx);
}

Answer create_configuration(Operation& operation) {
    Json configuration = new_configuration(operation.ctx, operation.ctx.new_id("bpc"));
    if (!operation.params.has("features")) operation.params.complain(missing_param("features"));
    if (auto error = read_configuration(operation.ctx, operation.params, configuration))
        return Refusal(*std::move(error));
    operation.ctx.put(configuration);
    operation.ctx.emit("billing_portal.configuration.created", configuration);
    return configuration;
}

Outcome<Json> configuration_of_path(Operation& operation) {
    const std::string& id = operation.path("configuration");
    auto configuration = find_configuration(operation.ctx, id);
    if (!configuration) return no_such_object("configuration", id);
    return *std::move(configuration);
}

Answer update_configuration(Operation& operation) {
    Context& ctx = operation.ctx;
    auto configuration = configuration_of_path(operation);
    if (!configuration) return configuration;
    if (flag_of(*configuration, "is_default")) configuration = default_configuration(ctx);
    set_boolean(operation.params, "active", *configuration);
    if (auto error = read_configuration(ctx, operation.params, *configuration))
        return Refusal(*std::move(error));
    if (flag_of(*configuration, "is_default") && !flag_of(*configuration, "active"))
        return bad_param("active", "", "The default configuration cannot be deactivated.");
    (*configuration)["updated"] = unix_seconds(ctx.now());
    ctx.update_and_emit("billing_portal.configuration.updated", *configuration);
    return configuration;
}

Answer get_configuration(Operation& operation) {
    if (auto complaint = operation.params.complaint()) return Refusal(*std::move(complaint));
    return configuration_of_path(operation);
}

Answer list_configurations(Operation& operation) {
    const auto active = operation.params.boolean("active");
    const auto is_default = operation.params.boolean("is_default");
    std::vector<Json> found = operation.ctx.list(kConfiguration, {});
    std::erase_if(found, [](const Json& each) { return flag_of(each, "is_default"); });
    found.push_back(shown_default(operation.ctx));  // older than all others
    std::erase_if(found, [&](const Json& each) {
        return (active && *active != flag_of(each, "active")) ||
               (is_default && *is_default != flag_of(each, "is_default"));
    });
    return list_page(operation, operation.url, std::move(found));
}

constexpr auto kConfigurationRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/billing_portal/configurations", create_configuration},
    {"GET", "/v1/billing_portal/configurations", list_configurations},
    {"GET", "/v1/billing_portal/configurations/{configuration}", get_configuration},
    {"POST", "/v1/billing_portal/configurations/{configuration}", update_configuration},
});

}  // namespace

std::optional<Json> find_default_configuration(Context& ctx) {
    for (Json& configuration : ctx.list(kConfiguration, {}))
        if (flag_of(configuration, "is_default")) return std::move(configuration);
    return std::nullopt;
}

Json default_configuration(Context& ctx) {
    if (auto found = find_default_configuration(ctx)) return *std::move(found);
    Json made = saved_settings(ctx);
    ctx.put(made);
    return made;
}

std::optional<Json> find_configuration(Context& ctx, const std::string& id) {
    if (auto found = ctx.find(kConfiguration, id)) return found;
    Json usual = shown_default(ctx);
    if (text_of(usual, "id") != id) return std::nullopt;
    return usual;
}

const Feature& portal_configuration_feature() {
    static constexpr Feature kFeature{.operations = kConfigurationRoutes};
    return kFeature;
}

}  // namespace turnpike::twin
