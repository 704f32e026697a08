#include "metering/cloud_event.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.h"
#include "http/text.h"
#include "json/value.h"

namespace turnpike {
namespace {

constexpr std::string_view kSpecVersion = "1.0";
constexpr std::int64_t kLatencyMaxUs = std::int64_t{86'400} * 1'000'000;

std::unexpected<EventComplaint> complaint(std::string_view code, std::string detail) {
    return std::unexpected(EventComplaint{code, std::move(detail)});
}

/// "application/json" of "Application/JSON; charset=utf-8".
std::string media_type(const http::Request& request) {
    const std::string* header = request.header("Content-Type");
    if (header == nullptr) return {};
    std::string type(http::trimmed(std::string_view(*header).substr(0, header->find(';'))));
    std::ranges::transform(type, type.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return type;
}

bool is_encoded(const http::Request& request) {
    const std::string* coding = request.header("Content-Encoding");
    return coding != nullptr && *coding != "identity";
}

/// The text attribute `name` of a structured event; required and not empty.
std::expected<std::string, EventComplaint> text_attribute(const Json& event, const char* name) {
    const auto found = event.find(name);
    if (found == event.end() || found->is_null())
        return complaint("missing_field", std::string(name) + " is missing");
    if (!found->is_string()) return complaint("bad_field", std::string(name) + " must be a string");
    const auto& text = found->get_ref<const std::string&>();
    if (!is_event_text(text))
        return complaint("bad_field",
                         std::string(name) + " must be 1 to 255 bytes without control characters");
    return text;
}

std::expected<std::int64_t, EventComplaint> read_latency(const Json& value) {
    std::optional<std::int64_t> micros;
    if (value.is_number_unsigned() && value.get<std::uint64_t>() <= kLatencyMaxUs)
        micros = static_cast<std::int64_t>(value.get<std::uint64_t>()) * 1'000;
    else if (value.is_string())
        micros = parse_scaled(value.get_ref<const std::string&>(), 3);
    if (!micros || *micros < 0 || *micros > kLatencyMaxUs)
        return complaint("bad_latency",
                         "data.latency_ms must be milliseconds from 0 to one day, as an integer "
                         "or a decimal string");
    return *micros;
}

std::expected<Quantity, EventComplaint> read_quantity(const Json& value) {
    constexpr std::int64_t kMost = kMaxQuantity.scaled() / Quantity::kOne;
    if (value.is_number_unsigned() && value.get<std::uint64_t>() <= kMost)
        return Quantity::whole(static_cast<std::int64_t>(value.get<std::uint64_t>()));
    if (value.is_string()) {
        const auto parsed = Quantity::parse(value.get_ref<const std::string&>());
        if (parsed && *parsed >= Quantity{} && *parsed <= kMaxQuantity) return *parsed;
    }
    return complaint("bad_quantity",
                     "data.quantity must be from 0 to 1000000000000, as an integer or a decimal "
                     "string with at most 6 fraction digits");
}

/// What we read of `data`; other members are the sender's.
std::optional<EventComplaint> read_data(const Json& data, CloudEvent& event) {
    if (!data.is_object()) return EventComplaint{"bad_data", "data must be a JSON object"};
    event.data = CloudEvent::Data::Present;
    if (const auto found = data.find("quantity"); found != data.end()) {
        const auto quantity = read_quantity(*found);
        if (!quantity) return quantity.error();
        event.quantity = *quantity;
    }
    if (const auto found = data.find("latency_ms"); found != data.end()) {
        const auto latency = read_latency(*found);
        if (!latency) return latency.error();
        event.latency_us = *latency;
    }
    return std::nullopt;
}

std::optional<EventComplaint> read_time(const std::string& text, CloudEvent& event) {
    event.time = parse_rfc3339(text);
    if (event.time) return std::nullopt;
    return EventComplaint{"bad_time", "time must be RFC 3339 with a zone"};
}

struct Attribute {
    const char* name;
    std::string CloudEvent::* member;
};
constexpr auto kAttributes = std::to_array<Attribute>({{"id", &CloudEvent::id},
                                                       {"source", &CloudEvent::source},
                                                       {"type", &CloudEvent::type},
                                                       {"subject", &CloudEvent::subject}});

EventEntry read_structured(const Json& json) {
    if (!json.is_object()) return complaint("not_an_event", "an event is a JSON object");
    const auto version = text_attribute(json, "specversion");
    if (!version) return std::unexpected(version.error());
    if (*version != kSpecVersion) return complaint("bad_specversion", "specversion must be 1.0");

    CloudEvent event;
    for (const auto& [name, member] : kAttributes) {
        auto text = text_attribute(json, name);
        if (!text) return std::unexpected(text.error());
        event.*member = *std::move(text);
    }
    if (json.contains("time") && !json["time"].is_null()) {
        const auto text = text_attribute(json, "time");
        if (!text) return std::unexpected(text.error());
        if (const auto bad = read_time(*text, event)) return std::unexpected(*bad);
    }
    if (json.contains("data_base64"))
        return complaint("bad_data", "data_base64 is not read; send data as JSON");
    if (const auto data = json.find("data"); data != json.end() && !data->is_null())
        if (const auto bad = read_data(*data, event)) return std::unexpected(*bad);
    return event;
}

/// A ce-* header's value, percent-decoded once (CloudEvents HTTP binding 1.0.2, 3.1.3.2).
std::expected<std::string, EventComplaint> header_attribute(const http::Request& request,
                                                            const std::string& name) {
    const std::string* raw = request.header("ce-" + name);
    if (raw == nullptr) return complaint("missing_field", "the header ce-" + name + " is missing");
    const auto text = percent_decode(*raw, PlusSign::Literal);
    if (!text || !is_event_text(*text))
        return complaint("bad_field",
                         "ce-" + name + " must be 1 to 255 bytes without control characters");
    return *text;
}

EventEntry read_binary(const http::Request& request) {
    const auto version = header_attribute(request, "specversion");
    if (!version) return std::unexpected(version.error());
    if (*version != kSpecVersion) return complaint("bad_specversion", "specversion must be 1.0");

    CloudEvent event;
    for (const auto& [name, member] : kAttributes) {
        auto text = header_attribute(request, name);
        if (!text) return std::unexpected(text.error());
        event.*member = *std::move(text);
    }
    if (request.header("ce-time") != nullptr) {
        const auto text = header_attribute(request, "time");
        if (!text) return std::unexpected(text.error());
        if (const auto bad = read_time(*text, event)) return std::unexpected(*bad);
    }
    if (request.body.empty()) return event;
    const auto data = parse_json(request.body);
    if (!data) return complaint("bad_data", data.error().message);
    if (const auto bad = read_data(*data, event)) return std::unexpected(*bad);
    return event;
}

}  // namespace

EventMode event_mode(const http::Request& request) {
    if (is_encoded(request)) return EventMode::Unsupported;
    const std::string type = media_type(request);
    if (type == "application/cloudevents+json") return EventMode::Structured;
    if (type == "application/cloudevents-batch+json") return EventMode::Batch;
    const bool binary = request.header("ce-specversion") != nullptr;
    if (binary && (type == "application/json" || (type.empty() && request.body.empty())))
        return EventMode::Binary;
    return type == "application/json" ? EventMode::Json : EventMode::Unsupported;
}

Result<std::vector<EventEntry>> read_events(const http::Request& request, EventMode mode) {
    std::vector<EventEntry> entries;
    if (mode == EventMode::Binary) {
        entries.push_back(read_binary(request));
        return entries;
    }
    const auto body = parse_json(request.body);
    if (!body) return failure(body);
    const bool single =
        mode == EventMode::Structured || (mode == EventMode::Json && body->is_object());
    if (single) {
        entries.push_back(read_structured(*body));
        return entries;
    }
    if (!body->is_array())
        return invalid_argument("event.not_an_array", "a batch is a JSON array of events");
    if (body->size() > kEventsMax)
        return fail(ErrorCode::TooLarge, "event.too_many",
                    "a request holds at most 1000 events; send several");
    for (const Json& json : *body) entries.push_back(read_structured(json));
    return entries;
}

}  // namespace turnpike
