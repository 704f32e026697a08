#include "sandbox/stripe/webhooks/webhook_endpoints.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "sandbox/deliveries.h"
#include "sandbox/stripe/core/event_types.h"
#include "sandbox/stripe/core/events.h"
#include "sandbox/stripe/versions/api_versions.h"
#include "sandbox/stripe/webhooks/webhooks.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/fields.h"
#include "sandbox/web_host.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kEndpointsMax = 16;

/// What is wrong with a webhook's address; "" when nothing is. Test mode allows plain http, and a
/// sandbox on one machine needs it.
std::string url_problem(std::string_view url) {
    const auto end = url.find("://");
    if (end == std::string_view::npos || end == 0)
        return "Invalid URL: An explicit scheme (such as https) must be provided.";
    const auto scheme = url.substr(0, end);
    if (scheme != "http" && scheme != "https")
        return "Invalid URL: The scheme must be http or https, not " + std::string(scheme) + ".";
    return names_a_web_host(url) ? "" : "Invalid URL: Not a valid URL.";
}

std::string all_event_types() {
    std::string text = "*";
    for (const auto type : event_types()) text += ", " + std::string(type);
    return text;
}

/// Every type by its name, or "*" alone.
void read_enabled_events(Params& params, Json& endpoint) {
    Json& enabled = endpoint["enabled_events"];
    enabled = Json::array();
    for (const auto& type : params.texts("enabled_events")) {
        if (type != "*" && !is_event_type(type)) {
            const auto name =
                params.name_of("enabled_events") + "[" + std::to_string(enabled.size()) + "]";
            params.complain(
                bad_param(name, "", "Invalid " + name + ": must be one of " + all_event_types()));
        }
        enabled.push_back(type);
    }
    if (enabled.empty())
        params.complain(bad_param("enabled_events", "parameter_invalid_empty",
                                  "You must specify at least one event to enable."));
    if (enabled.size() > 1 && std::ranges::find(enabled, Json("*")) != enabled.end())
        params.complain(bad_param("enabled_events", "",
                                  "You cannot specify other event types beside '*', which enables "
                                  "all of them."));
}

void read_editable(Params& params, Json& endpoint) {
    set_text(params, "description", endpoint);
    merge_metadata(endpoint, params.metadata());
    if (const auto url = params.text("url")) {
        endpoint["url"] = *url;
        if (const auto problem = url_problem(*url); !problem.empty())
            params.complain(bad_param("url", "url_invalid", problem));
    }
    if (params.has("enabled_events")) read_enabled_events(params, endpoint);
}

Answer create_endpoint(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    Json endpoint;
    endpoint["id"] = ctx.new_id("we");
    endpoint["object"] = std::string(kWebhookEndpointKind);
    endpoint["api_version"] = nullptr;
    endpoint["application"] = nullptr;
    endpoint["created"] = unix_seconds(ctx.now());
    endpoint["description"] = nullptr;
    endpoint["livemode"] = false;
    endpoint["metadata"] = Json::object();
    endpoint["status"] = "enabled";
    const auto versions = api_versions();
    if (const auto version = params.one_of("api_version", {versions.begin(), versions.end()}))
        endpoint["api_version"] = *version;
    params.ignore("connect");
    for (const char* name : {"url", "enabled_events"})
        if (!params.has(name)) params.complain(missing_param(name));
    read_editable(params, endpoint);
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    if (ctx.list(kWebhookEndpointKind, {}).size() >= kEndpointsMax)
        return bad_param("", "",
                         "You have reached the maximum of 16 test webhook endpoints. Delete one "
                         "to make a new one.");

    const auto secret = ctx.new_id("whsec");
    endpoint["_secret"] = secret;
    ctx.put(endpoint);
    endpoint["secret"] = secret;  // shown once
    return endpoint;
}

Outcome<Json> endpoint_of_path(Operation& operation) {
    const auto& id = operation.path("webhook_endpoint");
    auto endpoint = operation.ctx.find(kWebhookEndpointKind, id);
    if (!endpoint) return no_such_object("webhook endpoint", id);
    return *std::move(endpoint);
}

Answer get_endpoint(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    return endpoint_of_path(operation);
}

Answer update_endpoint(Operation& operation) {
    auto& params = operation.params;
    auto endpoint = endpoint_of_path(operation);
    if (!endpoint) return endpoint;
    read_editable(params, *endpoint);
    if (const auto disabled = params.boolean("disabled"))
        (*endpoint)["status"] = *disabled ? "disabled" : "enabled";
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    operation.ctx.put(*endpoint);
    return endpoint;
}

Answer delete_endpoint(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    auto endpoint = endpoint_of_path(operation);
    if (!endpoint) return endpoint;
    const auto id = text_of(*endpoint, "id");
    operation.ctx.remove(kWebhookEndpointKind, id);
    drop_deliveries(operation.ctx.transaction(), id);
    return Json{{"id", id}, {"object", std::string(kWebhookEndpointKind)}, {"deleted", true}};
}

Answer list_endpoints(Operation& operation) {
    return list_objects(operation, kWebhookEndpointKind, {});
}

constexpr auto kWebhookEndpointRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/webhook_endpoints", create_endpoint},
    {"GET", "/v1/webhook_endpoints", list_endpoints},
    {"GET", "/v1/webhook_endpoints/{webhook_endpoint}", get_endpoint},
    {"POST", "/v1/webhook_endpoints/{webhook_endpoint}", update_endpoint},
    {"DELETE", "/v1/webhook_endpoints/{webhook_endpoint}", delete_endpoint},
});

}  // namespace

const Feature& webhook_endpoint_feature() {
    static constexpr Feature kFeature{.operations = kWebhookEndpointRoutes,
                                      .event_recorded = queue_webhooks};
    return kFeature;
}

}  // namespace turnpike::twin
