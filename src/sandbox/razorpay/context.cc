#include "sandbox/razorpay/context.h"

#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/crypto.h"
#include "sandbox/deliveries.h"
#include "sandbox/documents.h"
#include "sandbox/ids.h"
#include "sandbox/razorpay/events.h"

namespace turnpike::twin::razorpay {
namespace {

constexpr std::string_view kNoClock;

Json parsed(const std::string& body) {
    auto json = parse_json(body);
    check(json.has_value(), "the sandbox stores JSON");
    return *std::move(json);
}

}  // namespace

Json visible(const Json& document) {
    if (!document.is_object()) return document;
    Json shown = Json::object();
    for (const auto& [name, value] : document.items())
        if (!name.starts_with('_')) shown[name] = value;
    return shown;
}

std::string parent_of(const Json& object) {
    const auto kind = text_of(object, "entity");
    if (kind == "invoice" || kind == "addon") return text_of(object, "subscription_id");
    if (kind == "payment") return text_of(object, "order_id");
    if (kind == "refund") return text_of(object, "payment_id");
    if (kind == "subscription") return text_of(object, "plan_id");
    if (kind == "customer") return text_of(object, "email");
    return "";
}

std::string signature_of(std::string_view secret, std::string_view text) {
    return to_hex(hmac_sha256(secret, text));
}

void Context::advance_clock(Duration by) {
    account_.clock_offset += by;
    now_ += by;
    save_clock_offset(tx_, account_.id, account_.clock_offset);
    hasten_deliveries(tx_, account_.id, by);
}

std::string Context::new_id(std::string_view prefix) {
    const auto random = ids_.body(real_now_).substr(kTimeCharacters);
    return std::string(prefix) + (prefix.empty() ? "" : "_") + base62(random, kRandomLength);
}

std::optional<Json> Context::find(std::string_view kind, const std::string& id) {
    const auto stored = load_object(tx_, {account_.id, kind, id});
    if (!stored) return std::nullopt;
    return parsed(stored->body);
}

void Context::put(const Json& object) {
    const auto kind = text_of(object, "entity");
    const auto id = text_of(object, "id");
    save_row(tx_, {.key = {account_.id, kind, id},
                   .customer = text_of(object, "customer_id"),
                   .parent = parent_of(object),
                   .status = text_of(object, "status"),
                   .created = integer_of(object, "created_at"),
                   .body = to_text(object)});
    if (kind == "webhook") webhooks_.reset();
}

void Context::remove(std::string_view kind, const std::string& id) {
    delete_object(tx_, {account_.id, kind, id});
    if (kind == "webhook") webhooks_.reset();
}

std::vector<Json> Context::list(std::string_view kind, const ListFilter& filter,
                                const ObjectSlice& slice) {
    std::vector<Json> objects;
    for (const auto& stored : load_objects(tx_, {account_.id, kind, ""}, filter, slice))
        objects.push_back(parsed(stored.body));
    return objects;
}

void Context::put_due(const Json& object, std::optional<Instant> when) {
    const auto kind = text_of(object, "entity");
    const auto id = text_of(object, "id");
    save_due(tx_, {account_.id, kind, id}, when, kNoClock);
}

std::optional<Context::Due> Context::next_due(Instant until) {
    const auto due = load_next_due(tx_, account_.id, until, kNoClock);
    if (!due) return std::nullopt;
    return Due{due->when, parsed(due->body)};
}

const std::vector<Json>& Context::webhooks() {
    if (!webhooks_) webhooks_ = list("webhook", {}, {});
    return *webhooks_;
}

void Context::emit(std::string_view event, std::initializer_list<const Json*> entities) {
    check(is_event(event), "an endpoint can ask for every event that is raised");
    std::string body;
    std::string event_id;
    for (const Json& webhook : webhooks()) {
        const Json& wanted = part_of(webhook, "events");
        const bool wants = std::ranges::find(wanted, Json(std::string(event))) != wanted.end();
        if (!wants || !flag_of(webhook, "active")) continue;
        if (body.empty()) {
            event_id = new_id("");
            body = event_body(account_.id, event, entities, now_seconds());
        }
        queue(webhook, event_id, body);
    }
}

void Context::queue(const Json& webhook, const std::string& event_id, const std::string& body) {
    const Delivery delivery{.id = new_id("whd"),
                            .account = account_.id,
                            .endpoint = text_of(webhook, "id"),
                            .event = event_id,
                            .body = body};
    add_delivery(tx_, delivery, real_now_);
    const auto secret = text_of(webhook, "_secret");
    save_signature(tx_, delivery.id, secret.empty() ? "" : signature_of(secret, body));
}

const std::string& Operation::path(std::string_view name) const {
    const auto found =
        std::ranges::find_if(path_values, [&](const auto& value) { return value.first == name; });
    check(found != path_values.end(), "the route's pattern has this part");
    return found->second;
}

}  // namespace turnpike::twin::razorpay
