#include "sandbox/stripe/webhooks/webhooks.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "base/check.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/core/events.h"
#include "sandbox/stripe/core/expansion.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/versions/older_shapes.h"
#include "sandbox/stripe/versions/version_steps.h"
#include "sandbox/stripe/webhooks/secrets.h"
#include "sandbox/stripe/webhooks/signature.h"

namespace turnpike::twin {
namespace {

/// Enabled endpoints that asked for this type.
std::vector<Json> listening_endpoints(Context& ctx, const std::string& type) {
    std::vector<Json> listening;
    std::ranges::copy_if(
        ctx.enabled_endpoints(), std::back_inserter(listening), [&](const Json& endpoint) {
            return std::ranges::any_of(endpoint.at("enabled_events"), [&](const Json& pattern) {
                return wants_event(pattern.get_ref<const std::string&>(), type);
            });
        });
    return listening;
}

void queue(Context& ctx, const Json& endpoint, const Json& event, std::string body) {
    add_delivery(ctx.transaction(),
                 {.id = ctx.new_id("wd"),
                  .account = ctx.account(),
                  .endpoint = text_of(endpoint, "id"),
                  .event = text_of(event, "id"),
                  .body = std::move(body)},
                 ctx.now());
}

constexpr std::string_view kRefusing = R"sql(
    SELECT DISTINCT deliveries.endpoint FROM deliveries
      JOIN events ON events.account = deliveries.account AND events.id = deliveries.event
     WHERE deliveries.account = $1 AND deliveries.state IN ('pending', 'failed')
       AND deliveries.tries > 0 AND events.type = $2 AND events.created >= $3
       AND events.body LIKE $4
       AND NOT EXISTS (SELECT 1 FROM deliveries AS others
                        WHERE others.account = deliveries.account
                          AND others.event = deliveries.event
                          AND others.endpoint = deliveries.endpoint
                          AND others.state = 'delivered')
)sql";

/// The version of an endpoint that names none is its account's.
std::string version_of(const Json& endpoint) {
    const auto version = text_of(endpoint, "api_version");
    return version.empty() ? std::string(kApiVersion) : version;
}

/// What `after` was before it changed; `previous` as previous_attributes() made it.
Json as_before(Json after, const Json& previous) {
    for (const auto& [name, old] : previous.items()) {
        Json& now = after[name];
        now = old.is_object() && now.is_object() ? as_before(std::move(now), old) : old;
    }
    return after;
}

/// What each endpoint is sent of one event.
class WebhookBodies {
public:
    WebhookBodies(Context& ctx, Json event, std::size_t endpoints)
        : ctx_(ctx), event_(std::move(event)) {
        event_["pending_webhooks"] = endpoints;
    }
    const std::string& body_for(const Json& endpoint) {
        const auto version = version_of(endpoint);
        auto& body = bodies_[version];
        if (body.empty()) body = to_pretty_text(in_order(event_in(version)));
        return body;
    }

private:
    [[nodiscard]] Json event_in(const std::string& version) {
        Json event = event_;
        event["api_version"] = version;
        if (!is_older(version, kApiVersion)) return event;
        Json& data = event["data"];
        const Json object = in_version(ctx_, data.at("object"), version);
        if (data.contains("previous_attributes")) {
            Json before = as_before(data.at("object"), data.at("previous_attributes"));
            data["previous_attributes"] =
                previous_attributes(in_version(ctx_, std::move(before), version), object);
        }
        data["object"] = object;
        return event;
    }

    Context& ctx_;
    Json event_;
    std::map<std::string, std::string> bodies_;  ///< by version
};

/// What this endpoint was sent of the event before; "" when nothing was.
std::string earlier_body(Context& ctx, const std::string& endpoint, const std::string& event) {
    auto sent = load_deliveries(
        ctx.transaction(),
        {.account = ctx.account(), .event = event, .endpoint = endpoint, .limit = 1});
    return sent.empty() ? "" : std::move(sent.front().delivery.body);
}

Outcome<std::vector<Json>> endpoints_for_resending(Context& ctx, const Json& event,
                                                   const std::string& id) {
    if (id.empty()) {
        auto endpoints = listening_endpoints(ctx, text_of(event, "type"));
        if (endpoints.empty())
            return bad_param("webhook_endpoint", "",
                             "No webhook endpoints found to retry delivery.");
        return endpoints;
    }
    auto endpoint = ctx.find(kWebhookEndpointKind, id);
    if (!endpoint) return no_such_param("webhook endpoint", id, "webhook_endpoint");
    if (text_of(*endpoint, "status") != "enabled")
        return bad_param("webhook_endpoint", "",
                         "The webhook endpoint '" + id + "' is disabled. Enable it first.");
    return std::vector{*std::move(endpoint)};
}

/// Those that sign, unless misfortune wants another one.
std::vector<std::string> secrets_in(const Json& endpoint, Instant now, const WebhookStyle& style) {
    using Secret = WebhookStyle::Secret;
    if (style.secret == Secret::Current) return live_secrets(endpoint, now);
    auto secret = style.secret == Secret::Previous ? text_of(endpoint, "_old_secret") : "";
    if (secret.empty()) secret = text_of(endpoint, "_secret") + "wrong";
    return {secret};
}

/// As it was queued, unless misfortune wants the shape of an older version.
std::string body_in(Context& ctx, const Delivery& delivery, const WebhookStyle& style) {
    constexpr std::string_view kBeforeBasil = "2024-06-20";
    if (!style.version) return delivery.body;
    const auto event = find_event(ctx, delivery.event);
    if (!event) return delivery.body;
    const std::string version(style.version->empty() ? kBeforeBasil : *style.version);
    WebhookBodies bodies(ctx, *event, event->at("pending_webhooks").get<std::size_t>());
    return bodies.body_for(Json{{"api_version", version}});
}

}  // namespace

void queue_webhooks(Context& ctx, const Json& event) {
    const auto endpoints = listening_endpoints(ctx, text_of(event, "type"));
    if (endpoints.empty()) return;
    WebhookBodies bodies(ctx, event, endpoints.size());
    for (const Json& endpoint : endpoints) queue(ctx, endpoint, event, bodies.body_for(endpoint));
}

Outcome<std::size_t> resend_webhooks(Context& ctx, const Json& event, const std::string& endpoint) {
    const auto endpoints = endpoints_for_resending(ctx, event, endpoint);
    if (!endpoints) return Refusal(endpoints.error());
    WebhookBodies bodies(ctx, event, endpoints->size());
    for (const Json& to : *endpoints) {
        auto body = earlier_body(ctx, text_of(to, "id"), text_of(event, "id"));
        if (body.empty()) body = bodies.body_for(to);
        queue(ctx, to, event, std::move(body));
    }
    return endpoints->size();
}

bool is_refused(Context& ctx, std::string_view type, const Json& object) {
    const auto& endpoints = ctx.enabled_endpoints();
    if (endpoints.empty()) return false;
    const auto refusing = ctx.transaction().all(
        kRefusing, {ctx.account(), std::string(type), integer_of(object, "created"),
                    R"(%"id":")" + text_of(object, "id") + R"("%)"});
    return std::ranges::any_of(endpoints, [&](const Json& endpoint) {
        return std::ranges::any_of(
            refusing, [&](const sql::Row& row) { return row.text(0) == text_of(endpoint, "id"); });
    });
}

std::optional<http::Call> webhook_call(Context& ctx, const Delivery& delivery,
                                       const WebhookStyle& style) {
    const auto stored =
        load_object(ctx.transaction(), {delivery.account, kWebhookEndpointKind, delivery.endpoint});
    if (!stored) return std::nullopt;
    const auto endpoint = parse_json(stored->body);
    if (!endpoint || text_of(*endpoint, "status") != "enabled") return std::nullopt;
    const auto now = ctx.now();
    http::Call call;
    call.body = body_in(ctx, delivery, style);
    call.method = http::Method::Post;
    call.url = text_of(*endpoint, "url");
    call.headers = {
        {"Content-Type", "application/json; charset=utf-8"},
        {"User-Agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)"},
        {"Accept", "*/*; q=0.5, application/xml"},
        {"Cache-Control", "no-cache"},
        {"Accept-Encoding", "gzip"},
        {"Stripe-Signature",
         stripe_signature(secrets_in(*endpoint, now, style), unix_seconds(now), call.body)},
    };
    return call;
}

}  // namespace turnpike::twin
