#include "webhooks/serial_key.h"

#include <array>

#include "json/value.h"

namespace turnpike {
namespace {

const Json* member(const Json* object, const char* name) {
    if (object == nullptr || !object->is_object()) return nullptr;
    const auto found = object->find(name);
    return found == object->end() ? nullptr : &*found;
}

std::string text_of(const Json* value) {
    return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

/// Of {"payload": {"payment": {"entity": {..}}}}; null when there is none.
const Json* entity_of(const Json& event, const char* kind) {
    return member(member(member(&event, "payload"), kind), "entity");
}

std::string razorpay_key(const Json& event) {
    struct Place {
        const char* kind;
        const char* name;
    };
    constexpr auto kPlaces = std::to_array<Place>({{"subscription", "id"},
                                                   {"invoice", "subscription_id"},
                                                   {"invoice", "id"},
                                                   {"payment", "invoice_id"},
                                                   {"payment", "id"},
                                                   {"order", "id"},
                                                   {"refund", "payment_id"}});
    for (const auto& [kind, name] : kPlaces)
        if (auto key = text_of(member(entity_of(event, kind), name)); !key.empty()) return key;
    return "";
}

std::string id_of(const Json* reference) {
    if (reference != nullptr && reference->is_object()) return text_of(member(reference, "id"));
    return text_of(reference);
}

}  // namespace

std::string serial_key(const Json& event) {
    if (text_of(member(&event, "entity")) == "event") return razorpay_key(event);
    const Json* object = member(member(&event, "data"), "object");
    auto customer = id_of(member(object, "customer"));
    return customer.empty() ? id_of(object) : customer;
}

}  // namespace turnpike
