#include "sandbox/stripe/core/context.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

#include "base/check.h"
#include "sandbox/ids.h"
#include "sandbox/stored_document.h"
#include "sandbox/stripe/core/event_types.h"
#include "sandbox/stripe/core/events.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/core/rendering.h"
#include "sandbox/stripe/core/store.h"

namespace turnpike::twin {
namespace {

constexpr std::string_view kTestClock = "test_helpers.test_clock";
constexpr std::string_view kWebhookEndpoint = "webhook_endpoint";

bool has_short_ids(std::string_view prefix) {
    constexpr std::array<std::string_view, 3> kShort{"cus", "prod", "si"};
    return std::ranges::find(kShort, prefix) != kShort.end();
}

bool is_tombstone(const Json& object) { return object.value("deleted", false); }

/// The text at a path of members; "" when something on the way is absent.
std::string text_at(const Json& object, std::initializer_list<std::string_view> path) {
    const Json* node = &object;
    for (const auto name : path) {
        if (!node->is_object()) return "";
        const auto found = node->find(name);
        if (found == node->end()) return "";
        node = &*found;
    }
    return node->is_string() ? node->get<std::string>() : "";
}

}  // namespace

std::string parent_of(const Json& object) {
    if (object.contains("_parent")) return text_at(object, {"_parent"});
    const auto kind = text_at(object, {"object"});
    if (kind == "invoice")
        return text_at(object, {"parent", "subscription_details", "subscription"});
    if (kind == "line_item" || kind == "invoiceitem" || kind == "invoice_payment")
        return text_at(object, {"invoice"});
    if (kind == "subscription_item") return text_at(object, {"subscription"});
    if (kind == "charge") return text_at(object, {"payment_intent"});
    if (kind == "refund") return text_at(object, {"charge"});
    if (kind == "customer") return text_at(object, {"test_clock"});
    if (kind == "price") return text_at(object, {"product"});
    if (kind == "promotion_code") return text_at(object, {"promotion", "coupon"});
    return "";
}

std::string Context::new_id(std::string_view prefix) {
    const auto body = ids_.body(now_);
    const std::string_view time = std::string_view(body).substr(0, kTimeCharacters);
    const std::string_view random = std::string_view(body).substr(kTimeCharacters);
    std::string id(prefix);
    id += "_";
    if (!has_short_ids(prefix)) id += "1" + base62(time, 9);
    return id + base62(random, kRandomLength);
}

Instant Context::now_of(const std::string& customer) {
    if (customer.empty()) return now_on_clock("");
    if (const auto known = clocks_.find(customer); known != clocks_.end())
        return now_on_clock(known->second);
    const auto found = look("customer", customer);
    if (!found) return now_on_clock("");
    return now_on_clock(clocks_.emplace(customer, text_at(*found, {"test_clock"})).first->second);
}

Instant Context::now_on_clock(const std::string& test_clock) {
    if (clock_time_ && clock_time_->first == test_clock) return clock_time_->second;
    if (test_clock.empty()) return now_;
    if (const auto known = frozen_times_.find(test_clock); known != frozen_times_.end())
        return known->second;
    const auto clock = look(kTestClock, test_clock);
    const auto time =
        clock ? from_unix_seconds(clock->at("frozen_time").get<std::int64_t>()) : now_;
    return frozen_times_.emplace(test_clock, time).first->second;
}

void Context::forget(std::string_view kind, const std::string& id) {
    if (kind == kTestClock) frozen_times_.erase(id);
    if (kind == kWebhookEndpoint) enabled_endpoints_.reset();
    if (kind == "customer") clocks_.erase(id);
}

void Context::reread() {
    objects_.clear();
    clocks_.clear();
    frozen_times_.clear();
    enabled_endpoints_.reset();
}

const std::vector<Json>& Context::enabled_endpoints() {
    if (!enabled_endpoints_) enabled_endpoints_ = list(kWebhookEndpoint, {.status = "enabled"});
    return *enabled_endpoints_;
}

void Context::set_clock_time(const std::string& test_clock, Instant moment) {
    clock_time_.emplace(test_clock, moment);
}

std::shared_ptr<const Json> Context::look(std::string_view kind, const std::string& id) {
    auto object = objects_.find(kind, id);
    if (object && is_tombstone(*object)) return nullptr;
    return object;
}

std::optional<Json> Context::find(std::string_view kind, const std::string& id) {
    const auto object = look(kind, id);
    if (!object) return std::nullopt;
    return *object;
}

std::optional<Json> Context::find_deleted(std::string_view kind, const std::string& id) {
    const auto object = objects_.find(kind, id);
    if (!object || !is_tombstone(*object)) return std::nullopt;
    return *object;
}

void Context::put(const Json& object) {
    forget(text_at(object, {"object"}), text_at(object, {"id"}));
    objects_.put(object);
}

void Context::remove(std::string_view kind, const std::string& id) {
    forget(kind, id);
    objects_.remove(kind, id);
}

Json Context::bury(std::string_view kind, const std::string& id) {
    Json tombstone{{"id", id}, {"object", std::string(kind)}, {"deleted", true}};
    put(tombstone);
    objects_.put_due(kind, id, std::nullopt, "");
    return tombstone;
}

std::vector<Json> Context::list(std::string_view kind, const ListFilter& filter) {
    std::vector<Json> objects;
    const Slice everything{.limit = std::numeric_limits<std::int64_t>::max()};
    for (auto& numbered : slice(kind, filter, everything))
        objects.push_back(std::move(numbered.object));
    return objects;
}

std::vector<Context::Numbered> Context::slice(std::string_view kind, const ListFilter& filter,
                                              const Slice& slice) {
    objects_.save_if_any(kind);
    std::vector<Numbered> objects;
    for (const auto& stored : load_objects(tx_, {account_, kind, ""}, filter, slice))
        objects.push_back({stored.sequence, read_stored(stored.body)});
    return objects;
}

std::vector<std::string> Context::list_ids(std::string_view kind, const ListFilter& filter) {
    objects_.save_if_any(kind);
    return load_ids(tx_, {account_, kind, ""}, filter);
}

std::int64_t Context::count(std::string_view kind, const ListFilter& filter) {
    objects_.save_if_any(kind);
    return count_objects(tx_, {account_, kind, ""}, filter);
}

std::optional<std::int64_t> Context::sequence_of(std::string_view kind, const std::string& id) {
    objects_.save_if_any(kind);
    const auto stored = load_object(tx_, {account_, kind, id});
    if (!stored) return std::nullopt;
    return stored->sequence;
}

std::optional<Context::Due> Context::next_due(Instant until, const std::string& test_clock) {
    save();
    const auto due = load_next_due(tx_, account_, until, test_clock);
    if (!due) return std::nullopt;
    return Due{due->when, *objects_.take(due->kind, due->id, due->body)};
}

void Context::put_due(const Json& object, std::optional<Instant> when,
                      const std::string& test_clock) {
    objects_.put_due(text_at(object, {"object"}), text_at(object, {"id"}), when, test_clock);
}

void Context::emit(std::string_view type, const Json& object, const Json& previous) {
    record(type, object, visible(object), visible(previous));
}

void Context::record(std::string_view type, const Json& object, Json shown, Json previous) {
    check(is_event_type(type), "an endpoint can ask for every type that is raised");
    const auto clock = text_at(object, {"test_clock"});
    const auto created =
        clock.empty() ? now_of(text_at(object, {"customer"})) : now_on_clock(clock);
    record_event(*this, {.type = type,
                         .object = std::move(shown),
                         .previous = std::move(previous),
                         .created = created});
    tell_listeners(*this, type, object);
}

void Context::update_and_emit(std::string_view type, const Json& object) {
    const auto before = look(text_at(object, {"object"}), text_at(object, {"id"}));
    put(object);
    if (before)
        emit_change(type, *before, object);
    else
        emit(type, object, Json::object());
}

void Context::emit_change(std::string_view type, const Json& before, const Json& object) {
    Json shown = visible(object);
    Json previous = previous_attributes(visible(before), shown);
    if (!previous.empty()) record(type, object, std::move(shown), std::move(previous));
}

const std::string& Operation::path(std::string_view name) const {
    const auto found =
        std::ranges::find_if(path_values, [&](const auto& value) { return value.first == name; });
    check(found != path_values.end(), "the route's pattern has this part");
    return found->second;
}

}  // namespace turnpike::twin
