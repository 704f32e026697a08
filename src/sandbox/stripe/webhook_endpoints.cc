#include "sandbox/stripe/webhook_endpoints.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "sandbox/stripe/billing_document.h"
#include "sandbox/stripe/deliveries.h"
#include "sandbox/stripe/events.h"
#include "sandbox/stripe/fields.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kKind = "webhook_endpoint";
constexpr std::size_t kEndpointsMax = 16;

/// Test mode allows plain http, and a sandbox on one machine needs it.
bool is_webhook_url(std::string_view url) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!url.starts_with(scheme)) continue;
        const auto host = url.substr(scheme.size());
        return !host.empty() && host.front() != '/' && host.front() != ':' &&
               std::ranges::none_of(url, [](char c) { return c <= ' ' || c == '\x7f'; });
    }
    return false;
}

/// "*", "invoice.*", or a name with at least one dot.
bool is_event_pattern(std::string_view text) {
    const bool known_characters = std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '*';
    });
    return known_characters && (text == "*" || text.find('.') != std::string_view::npos);
}

void read_editable(Params& params, Json& endpoint) {
    set_text(params, "description", endpoint);
    merge_metadata(endpoint, params.metadata());
    if (const auto url = params.text("url")) {
        endpoint["url"] = *url;
        if (!is_webhook_url(*url))
            params.complain(bad_param("url", "url_invalid",
                                      "Invalid URL: An explicit scheme (such as https) must be "
                                      "provided."));
    }
    if (!params.has("enabled_events")) return;
    endpoint["enabled_events"] = Json::array();
    for (const auto& pattern : params.texts("enabled_events")) {
        endpoint["enabled_events"].push_back(pattern);
        if (!is_event_pattern(pattern))
            params.complain(
                bad_param("enabled_events", "",
                          "Invalid enabled_events: " + pattern + " is not an event type."));
    }
    if (endpoint["enabled_events"].empty())
        params.complain(bad_param("enabled_events", "parameter_invalid_empty",
                                  "You must specify at least one event to enable."));
}

Answer create_endpoint(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    Json endpoint;
    endpoint["id"] = ctx.new_id("we");
    endpoint["object"] = std::string(kKind);
    endpoint["api_version"] = nullptr;
    endpoint["application"] = nullptr;
    endpoint["created"] = unix_seconds(ctx.now());
    endpoint["description"] = nullptr;
    endpoint["livemode"] = false;
    endpoint["metadata"] = Json::object();
    endpoint["status"] = "enabled";
    set_text(params, "api_version", endpoint);
    params.ignore("connect");
    for (const char* name : {"url", "enabled_events"})
        if (!params.has(name)) params.complain(missing_param(name));
    read_editable(params, endpoint);
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    if (ctx.list(kKind, {}).size() >= kEndpointsMax)
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
    auto endpoint = operation.ctx.find(kKind, id);
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
    operation.ctx.remove(kKind, id);
    drop_deliveries(operation.ctx.transaction(), id);
    return Json{{"id", id}, {"object", std::string(kKind)}, {"deleted", true}};
}

Answer list_endpoints(Operation& operation) { return list_objects(operation, kKind, {}); }

constexpr auto kRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/webhook_endpoints", create_endpoint},
    {"GET", "/v1/webhook_endpoints", list_endpoints},
    {"GET", "/v1/webhook_endpoints/{webhook_endpoint}", get_endpoint},
    {"POST", "/v1/webhook_endpoints/{webhook_endpoint}", update_endpoint},
    {"DELETE", "/v1/webhook_endpoints/{webhook_endpoint}", delete_endpoint},
});

}  // namespace

std::span<const OperationRoute> webhook_endpoint_routes() { return kRoutes; }

}  // namespace turnpike::twin
