#include "sandbox/stripe/pages/portal.h"

#include <array>
#include <utility>

#include "json/value.h"
#include "sandbox/html.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kConfiguration = "billing_portal.configuration";

Json switched(bool on) {
    Json feature;
    feature["enabled"] = on;
    return feature;
}

Json default_features() {
    Json features;
    features["customer_update"]["allowed_updates"] = Json::array();
    features["customer_update"]["enabled"] = false;
    features["invoice_history"] = switched(true);
    features["payment_method_update"] = switched(true);
    features["payment_method_update"]["payment_method_configuration"] = nullptr;
    Json cancel = switched(true);
    cancel["cancellation_reason"]["enabled"] = false;
    cancel["cancellation_reason"]["options"] = Json::array();
    cancel["mode"] = "at_period_end";
    cancel["proration_behavior"] = "none";
    features["subscription_cancel"] = std::move(cancel);
    Json update = switched(true);
    update["billing_cycle_anchor"] = nullptr;
    update["default_allowed_updates"] = Json::array({"price"});
    update["proration_behavior"] = "always_invoice";
    update["schedule_at_period_end"]["conditions"] = Json::array();
    update["trial_update_behavior"] = "end_trial";
    features["subscription_update"] = std::move(update);
    return features;
}

Json new_configuration(Context& ctx) {
    Json configuration;
    configuration["id"] = ctx.new_id("bpc");
    configuration["object"] = std::string(kConfiguration);
    configuration["active"] = true;
    configuration["application"] = nullptr;
    for (const char* member : {"headline", "privacy_policy_url", "terms_of_service_url"})
        configuration["business_profile"][member] = nullptr;
    configuration["created"] = unix_seconds(ctx.now());
    configuration["default_return_url"] = nullptr;
    configuration["features"] = default_features();
    configuration["is_default"] = false;
    configuration["livemode"] = false;
    configuration["login_page"]["enabled"] = false;
    configuration["login_page"]["url"] = nullptr;
    configuration["metadata"] = Json::object();
    configuration["name"] = nullptr;
    configuration["updated"] = unix_seconds(ctx.now());
    return configuration;
}

/// Every account has one; made when it is first needed.
Json default_configuration(Context& ctx) {
    if (auto found = find_default_configuration(ctx)) return *std::move(found);
    Json made = new_configuration(ctx);
    made["is_default"] = true;
    ctx.put(made);
    return made;
}

constexpr std::size_t kProductsMax = 10;

/// products[]: what subscription_update may change to, as {"product", "prices"}.
Outcome<Json> read_products(Context& ctx, Params& feature) {
    Json products = Json::array();
    for (Params& given : feature.objects("products")) {
        const std::string id = given.required_text("product");
        const auto prices = given.texts("prices");
        given.ignore("adjustable_quantity");  // this portal changes no quantities
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
        products.push_back(Json{{"product", id}, {"prices", prices}});
    }
    if (products.size() > kProductsMax)
        return bad_param(feature.name_of("products"), "",
                         "A portal configuration can offer at most 10 products.");
    return products;
}

/// features[x][enabled], and what else this portal obeys.
std::optional<StripeError> read_features(Context& ctx, Params& params, Json& features) {
    auto given = params.object("features");
    if (!given) return std::nullopt;
    for (const char* name : {"customer_update", "invoice_history", "payment_method_update",
                             "subscription_cancel", "subscription_update"}) {
        auto feature = given->object(name);
        if (!feature) continue;
        if (const auto enabled = feature->boolean("enabled")) features[name]["enabled"] = *enabled;
        if (const auto behavior = feature->one_of("proration_behavior",
                                                  {"always_invoice", "create_prorations", "none"}))
            features[name]["proration_behavior"] = *behavior;
        if (const auto mode = feature->one_of("mode", {"at_period_end", "immediately"}))
            features[name]["mode"] = *mode;
        for (const char* hint :
             {"allowed_updates", "default_allowed_updates", "cancellation_reason",
              "schedule_at_period_end", "billing_cycle_anchor", "trial_update_behavior",
              "payment_method_configuration"})
            feature->ignore(hint);
        if (feature->has("products")) {
            auto products = read_products(ctx, *feature);
            if (!products) return products.error();
            features[name]["_products"] = *std::move(products);
        }
        given->absorb(*feature);
    }
    params.absorb(*given);
    return std::nullopt;
}

void read_profile(Params& params, Json& configuration) {
    auto profile = params.object("business_profile");
    if (!profile) return;
    for (const char* name : {"headline", "privacy_policy_url", "terms_of_service_url"})
        if (const auto text = profile->text(name))
            configuration["business_profile"][name] = text_or_null(*text);
    params.absorb(*profile);
}

/// What a configuration is made with and can be changed to, and the end of the parameters.
std::optional<StripeError> read_configuration(Context& ctx, Params& params, Json& configuration) {
    if (auto error = read_features(ctx, params, configuration["features"])) return error;
    read_profile(params, configuration);
    set_text(params, "default_return_url", configuration);
    set_text(params, "name", configuration);
    merge_metadata(configuration, params.metadata());
    params.ignore("login_page");
    return params.complaint();
}

Answer create_configuration(Operation& operation) {
    Json configuration = new_configuration(operation.ctx);
    if (auto error = read_configuration(operation.ctx, operation.params, configuration))
        return Refusal(*std::move(error));
    operation.ctx.put(configuration);
    operation.ctx.emit("billing_portal.configuration.created", configuration);
    return configuration;
}

Outcome<Json> configuration_of_path(Operation& operation) {
    const std::string& id = operation.path("configuration");
    auto configuration = operation.ctx.find(kConfiguration, id);
    if (!configuration) return no_such_object("configuration", id);
    return *std::move(configuration);
}

Answer update_configuration(Operation& operation) {
    Context& ctx = operation.ctx;
    auto configuration = configuration_of_path(operation);
    if (!configuration) return configuration;
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
    return list_objects(operation, kConfiguration, {}, [&](const Json& configuration) {
        return (!active || *active == flag_of(configuration, "active")) &&
               (!is_default || *is_default == flag_of(configuration, "is_default"));
    });
}

/// flow_data[type]; the portal's one page holds every flow.
Json read_flow(Params& params) {
    auto data = params.object("flow_data");
    if (!data) return {};
    const auto type = data->one_of("type", {"payment_method_update", "subscription_cancel",
                                            "subscription_update", "subscription_update_confirm"});
    for (const char* hint : {"after_completion", "subscription_cancel", "subscription_update",
                             "subscription_update_confirm"})
        data->ignore(hint);
    params.absorb(*data);
    Json flow;
    flow["after_completion"]["hosted_confirmation"] = nullptr;
    flow["after_completion"]["redirect"] = nullptr;
    flow["after_completion"]["type"] = "portal_homepage";
    flow["subscription_cancel"] = nullptr;
    flow["subscription_update"] = nullptr;
    flow["subscription_update_confirm"] = nullptr;
    flow["type"] = type ? Json(*type) : Json();
    return flow;
}

Answer create_session(Operation& operation) {
    Context& ctx = operation.ctx;
    Params& params = operation.params;
    const std::string customer_id = params.required_text("customer");
    const auto return_url = params.text("return_url");
    const std::string configuration_id = params.text("configuration").value_or("");
    const auto locale = params.text("locale");
    Json flow = read_flow(params);
    if (auto complaint = params.complaint()) return Refusal(*std::move(complaint));
    const auto customer = require_customer(ctx, customer_id, "customer");
    if (!customer) return Refusal(customer.error());
    const bool web =
        !return_url || return_url->starts_with("https://") || return_url->starts_with("http://");
    if (!web) return bad_param("return_url", "url_invalid", "Not a valid URL");
    auto configuration = configuration_id.empty() ? default_configuration(ctx)
                                                  : ctx.find(kConfiguration, configuration_id);
    if (!configuration) return no_such_param("configuration", configuration_id, "configuration");
    if (!flag_of(*configuration, "active"))
        return bad_param("configuration", "",
                         "The configuration " + configuration_id + " is not active.");

    Json session;
    const std::string id = ctx.new_id("bps");
    session["id"] = id;
    session["object"] = "billing_portal.session";
    session["configuration"] = configuration->at("id");
    session["created"] = unix_seconds(ctx.now());
    session["customer"] = customer_id;
    session["customer_account"] = nullptr;
    session["flow"] = std::move(flow);
    session["livemode"] = false;
    session["locale"] = locale ? Json(*locale) : Json();
    session["on_behalf_of"] = nullptr;
    session["return_url"] =
        return_url ? Json(*return_url) : configuration->value("default_return_url", Json());
    session["url"] = ctx.base_url() + "/p/session/" + id;
    session["_last_used"] = unix_seconds(ctx.now());
    session["_opened"] = false;
    ctx.put(session);
    ctx.emit("billing_portal.session.created", session);
    return session;
}

constexpr auto kPortalRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/billing_portal/sessions", create_session},
    {"POST", "/v1/billing_portal/configurations", create_configuration},
    {"GET", "/v1/billing_portal/configurations", list_configurations},
    {"GET", "/v1/billing_portal/configurations/{configuration}", get_configuration},
    {"POST", "/v1/billing_portal/configurations/{configuration}", update_configuration},
});

constexpr auto kPortalExpandables = std::to_array<Expandable>({
    {"billing_portal.session", "configuration", "billing_portal.configuration"},
});

}  // namespace

std::optional<Json> find_default_configuration(Context& ctx) {
    for (Json& configuration : ctx.list(kConfiguration, {}))
        if (flag_of(configuration, "is_default")) return std::move(configuration);
    return std::nullopt;
}

bool is_session_expired(const Json& session, Instant now) {
    const Duration idle = now - *instant_of(session, "_last_used");
    return idle > (flag_of(session, "_opened") ? Duration(kPortalIdle) : Duration(kPortalUnopened));
}

PageAnswer expired_page() {
    return {.status = 404,
            .html = html_page("Link expired",
                              "<h1>This link has expired</h1><p>Go back to the shop and open the "
                              "billing portal again.</p>")};
}

const Feature& portal_feature() {
    static constexpr Feature kFeature{.operations = kPortalRoutes,
                                      .expandables = kPortalExpandables};
    return kFeature;
}

}  // namespace turnpike::twin
