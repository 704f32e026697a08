#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "instant_text.h"
#include "own_error.h"
#include "wire.h"

namespace turnpike::client {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kQuantityBytesMax = 64;
constexpr const char* kInvalidEvent = "client.invalid_event";

Error invalid(const char* code, std::string message) {
    return own_error(ErrorKind::Invalid, code, std::move(message));
}

/// dump() throws on texts that are not UTF-8.
Result<std::string> text_of(const Json& json, const char* code) {
    try {
        return json.dump();
    } catch (const Json::exception& bad) {
        return invalid(code, bad.what());
    }
}
Result<std::string> text_of(const Json& json) { return text_of(json, "client.invalid_argument"); }

bool is_name(const std::string& text) {
    return !text.empty() && text.size() <= kNameBytesMax &&
           std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

bool is_quantity(const std::string& text) {
    return !text.empty() && text.size() <= kQuantityBytesMax;
}

/// Why the server could not even read the event; nullptr when it can.
const char* complaint_about(const Event& event) {
    for (const auto* text : {&event.id, &event.source, &event.customer, &event.meter})
        if (!is_name(*text))
            return "id, source, customer and meter are texts of 1 to 255 bytes without control "
                   "characters";
    return is_quantity(event.quantity) ? nullptr : "quantity is a decimal of 1 to 64 characters";
}
const char* complaint_about(const Event& event, const Correction& correction) {
    const auto& [id, source] = correction.corrects;
    for (const auto* text : {&event.id, &event.source, &event.customer, &id, &source})
        if (!is_name(*text))
            return "customer, and id and source of a correction and of what it corrects, are texts "
                   "of 1 to 255 bytes without control characters";
    if (!event.meter.empty() || event.latency || !event.properties.empty())
        return "a correction has no meter, latency or properties";
    const bool is_amend = correction.kind == Correction::Kind::Amend;
    if (is_amend ? is_quantity(correction.quantity) : correction.quantity.empty()) return nullptr;
    return "an amend, and it alone, has a quantity: a decimal of 1 to 64 characters";
}

void put_use(Json& json, const Event& event) {
    json["meter"] = event.meter;
    json["quantity"] = event.quantity;
    if (event.latency) json["latency_ms"] = event.latency->count();
    if (!event.properties.empty()) json["properties"] = event.properties;
}

void put_correction(Json& json, const Correction& correction) {
    Json named{{"source", correction.corrects.source}, {"id", correction.corrects.id}};
    const bool is_amend = correction.kind == Correction::Kind::Amend;
    if (is_amend) named["quantity"] = correction.quantity;
    json[is_amend ? "amend" : "void"] = std::move(named);
}

}  // namespace

Result<std::string> write_event(const Event& event) {
    const auto& correction = event.correction;
    if (const char* complaint =
            correction ? complaint_about(event, *correction) : complaint_about(event))
        return invalid(kInvalidEvent, complaint);
    Json json{{"id", event.id}, {"source", event.source}, {"customer", event.customer}};
    if (event.time) json["time"] = format_instant(*event.time);
    if (correction)
        put_correction(json, *correction);
    else
        put_use(json, event);
    return text_of(json, kInvalidEvent);
}

std::string write_batch(const std::vector<std::string_view>& events) {
    std::string body = "[";
    for (const auto event : events) {
        if (body.size() > 1) body.push_back(',');
        body.append(event);
    }
    return body + "]";
}

Result<std::string> write_check(const CheckRequest& request) {
    Json json{{"meter", request.meter}, {"requested", request.requested}};
    if (!request.customer.empty()) json["customer"] = request.customer;
    return text_of(json);
}

Result<std::string> write_consume(const ConsumeRequest& request) {
    Json json{{"customer", request.customer},
              {"meter", request.meter},
              {"quantity", request.quantity},
              {"source", request.source},
              {"id", request.id}};
    if (request.latency) json["latency_ms"] = request.latency->count();
    if (!request.properties.empty()) json["properties"] = request.properties;
    return text_of(json);
}

Result<std::string> write_reserve(const ReserveRequest& request) {
    Json json{{"customer", request.customer},
              {"meter", request.meter},
              {"quantity", request.quantity},
              {"source", request.source},
              {"id", request.id}};
    if (request.ttl) json["ttl_s"] = request.ttl->count();
    if (!request.properties.empty()) json["properties"] = request.properties;
    return text_of(json);
}

Result<std::string> write_commit(const std::string& quantity,
                                 const std::map<std::string, std::string>& properties) {
    Json json{{"quantity", quantity}};
    if (!properties.empty()) json["properties"] = properties;
    return text_of(json);
}

Result<std::string> write_customer(const CustomerDraft& draft) {
    Json json{{"external_id", draft.external_id}};
    if (draft.email) json["email"] = *draft.email;
    if (draft.name) json["name"] = *draft.name;
    return text_of(json);
}

}  // namespace turnpike::client
