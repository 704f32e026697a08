#include "sandbox/razorpay/webhooks.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <set>
#include <string>

#include "sandbox/documents.h"
#include "sandbox/razorpay/events.h"
#include "sandbox/web_host.h"

namespace turnpike::twin::razorpay {
namespace {

constexpr std::int64_t kWebhooksMax = 30;
constexpr std::size_t kUrlMax = 255;
constexpr auto kFirstRetry = std::chrono::minutes(1);
constexpr auto kLongestRetry = std::chrono::hours(4);
constexpr auto kPatience = std::chrono::hours(24);

/// An array of names, or (as the dashboard sends them) an object of names with booleans.
void read_events(Params& params, Json& webhook) {
    const Json* given = params.take("events");
    if (given == nullptr) return;
    Json events = Json::array();
    std::string unknown;
    const auto add = [&](const std::string& name) {
        if (!is_event(name)) unknown += (unknown.empty() ? "" : ", ") + name;
        events.push_back(name);
    };
    if (given->is_array()) {
        for (const Json& name : *given)
            add(name.is_string() ? name.get<std::string>() : to_text(name));
    } else if (given->is_object()) {
        for (const auto& [name, wanted] : given->items())
            if (wanted == true || wanted == 1 || wanted == "1") add(name);
    }
    if (!unknown.empty())
        params.complain(bad_request("Invalid event name/names: " + unknown, "events"));
    else if (events.empty())
        params.complain(bad_request("The events field is required.", "events"));
    webhook["events"] = std::move(events);
}

void read_editable(Context& ctx, Params& params, Json& webhook) {
    if (const auto url = params.text("url", kUrlMax)) {
        if (!names_a_web_host(*url))
            params.complain(bad_request("The url format is invalid.", "url"));
        webhook["url"] = *url;
    }
    if (const auto email = params.text("alert_email")) webhook["alert_email"] = *email;
    if (const auto secret = params.text("secret", 255)) {
        const auto before = text_of(webhook, "_secret");
        if (*secret != before) webhook["_old_secret"] = before;
        webhook["_secret"] = *secret;
        webhook["secret_exists"] = !secret->empty();
    }
    read_events(params, webhook);
    if (const auto active = params.flag("active")) {
        webhook["active"] = *active;
        webhook["disabled_at"] = *active ? 0 : ctx.now_seconds();
        webhook["_failing_since"] = nullptr;
    }
    webhook["updated_at"] = ctx.now_seconds();
}

/// The v2 paths name the account: its own is the only one that a key can see.
std::optional<Refusal> foreign_account(Operation& operation) {
    for (const auto& [name, value] : operation.path_values)
        if (name == "account" && value != operation.ctx.account().id) return no_such_id();
    return std::nullopt;
}

Outcome<Json> webhook_of_path(Operation& operation) {
    if (const auto foreign = foreign_account(operation)) return *foreign;
    return object_of_path(operation, "webhook");
}

Answer create_webhook(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    if (const auto foreign = foreign_account(operation)) return *foreign;
    Json webhook{{"id", ctx.new_id("")},
                 {"created_at", ctx.now_seconds()},
                 {"updated_at", ctx.now_seconds()},
                 {"service", "sandbox"},
                 {"owner_id", ctx.account().id.substr(4)},
                 {"owner_type", "merchant"},
                 {"context", Json::array()},
                 {"disabled_at", 0},
                 {"url", nullptr},
                 {"alert_email", nullptr},
                 {"secret_exists", false},
                 {"entity", "webhook"},
                 {"active", true},
                 {"events", Json::array()}};
    for (const char* name : {"url", "events"})
        if (!params.has(name))
            params.complain(bad_request("The " + std::string(name) + " field is required.", name));
    read_editable(ctx, params, webhook);
    if (const auto complaint = params.complaint()) return Refusal(*complaint);
    if (ctx.list("webhook", {}, {}).size() >= static_cast<std::size_t>(kWebhooksMax))
        return bad_request("You can only have 30 webhooks");
    ctx.put(webhook);
    return webhook;
}

Answer edit_webhook(Operation& operation) {
    auto webhook = webhook_of_path(operation);
    if (!webhook) return webhook;
    read_editable(operation.ctx, operation.params, *webhook);
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    operation.ctx.put(*webhook);
    return webhook;
}

Answer fetch_webhook(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    return webhook_of_path(operation);
}

Answer list_webhooks(Operation& operation) {
    if (const auto foreign = foreign_account(operation)) return *foreign;
    return list_objects(operation, "webhook", {});
}

Answer delete_webhook(Operation& operation) {
    const auto webhook = fetch_webhook(operation);
    if (!webhook) return webhook;
    const auto id = text_of(*webhook, "id");
    operation.ctx.remove("webhook", id);
    drop_deliveries(operation.ctx.transaction(), id);
    return Json::array();
}

/// As it was signed when the event happened, unless misfortune wants another secret.
std::string signature_in(Context& ctx, const Json& webhook, const Delivery& delivery,
                         const WebhookStyle& style) {
    if (style.secret == WebhookStyle::Secret::Current)
        return load_signature(ctx.transaction(), delivery.id);
    auto secret = style.secret == WebhookStyle::Secret::Previous ? text_of(webhook, "_old_secret")
                                                                 : std::string();
    if (secret.empty()) secret = text_of(webhook, "_secret") + "wrong";
    return signature_of(secret, delivery.body);
}

constexpr auto kWebhookRoutes = std::to_array<Route>({
    {"POST", "/v1/webhooks", create_webhook},
    {"GET", "/v1/webhooks", list_webhooks},
    {"GET", "/v1/webhooks/{id}", fetch_webhook},
    {"PUT", "/v1/webhooks/{id}", edit_webhook},
    {"DELETE", "/v1/webhooks/{id}", delete_webhook},
    {"POST", "/v2/accounts/{account}/webhooks", create_webhook},
    {"GET", "/v2/accounts/{account}/webhooks", list_webhooks},
    {"GET", "/v2/accounts/{account}/webhooks/", list_webhooks},
    {"GET", "/v2/accounts/{account}/webhooks/{id}", fetch_webhook},
    {"PATCH", "/v2/accounts/{account}/webhooks/{id}", edit_webhook},
    {"DELETE", "/v2/accounts/{account}/webhooks/{id}", delete_webhook},
});

}  // namespace

std::optional<http::Call> call_of(Context& ctx, const Delivery& delivery,
                                  const WebhookStyle& style) {
    const auto webhook = ctx.find("webhook", delivery.endpoint);
    if (!webhook || !flag_of(*webhook, "active")) return std::nullopt;
    http::Call call;
    call.method = http::Method::Post;
    call.url = text_of(*webhook, "url");
    call.headers = {
        {"Content-Type", "application/json"},
        {"User-Agent", "Razorpay-Webhook/v1"},
        {"x-razorpay-event-id", delivery.event},
    };
    // Without a secret there is nothing to sign with.
    auto signature = signature_in(ctx, *webhook, delivery, style);
    if (!signature.empty()) call.headers.emplace_back("X-Razorpay-Signature", std::move(signature));
    call.body = delivery.body;
    return call;
}

std::optional<Instant> retry_at(Context& ctx, const Delivery& delivery, const Attempt& attempt) {
    auto webhook = ctx.find("webhook", delivery.endpoint);
    if (!webhook) return std::nullopt;
    auto failing_since = instant_of(*webhook, "_failing_since");
    if (is_delivered(attempt)) {
        if (!failing_since) return std::nullopt;
        (*webhook)["_failing_since"] = nullptr;
        ctx.put(*webhook);
        return std::nullopt;
    }
    if (!failing_since) failing_since = from_unix_seconds(ctx.now_seconds());
    (*webhook)["_failing_since"] = unix_seconds(*failing_since);
    const bool patient = ctx.now() - *failing_since < kPatience;
    if (!patient) {
        (*webhook)["active"] = false;
        (*webhook)["disabled_at"] = ctx.now_seconds();
    }
    ctx.put(*webhook);
    if (!patient) return std::nullopt;
    constexpr std::int64_t kDoublings = 8;
    const auto doubled = kFirstRetry * (1 << std::min(delivery.tries, kDoublings));
    return attempt.tried_at + std::min<Duration>(doubled, kLongestRetry);
}

std::int64_t resend_webhooks(Context& ctx, const EventAddress& event, Instant now) {
    auto& tx = ctx.transaction();
    std::set<std::string> served;
    for (const auto& sent : load_deliveries(
             tx, {.account = event.account, .event = event.event, .endpoint = event.endpoint})) {
        const auto webhook = ctx.find("webhook", sent.delivery.endpoint);
        const bool active = webhook && flag_of(*webhook, "active");
        if (!active || !served.insert(sent.delivery.endpoint).second) continue;
        Delivery again = sent.delivery;
        again.id = ctx.new_id("whd");
        add_delivery(tx, again, now);
        save_signature(tx, again.id, load_signature(tx, sent.delivery.id));
    }
    return static_cast<std::int64_t>(served.size());
}

std::span<const Route> webhook_routes() { return kWebhookRoutes; }

}  // namespace turnpike::twin::razorpay
