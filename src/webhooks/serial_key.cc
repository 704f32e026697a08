#include "webhooks/serial_key.h"

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

std::string id_of(const Json* reference) {
    if (reference != nullptr && reference->is_object()) return text_of(member(reference, "id"));
    return text_of(reference);
}

}  // namespace

std::string serial_key(const Json& event) {
    const Json* object = member(member(&event, "data"), "object");
    auto customer = id_of(member(object, "customer"));
    return customer.empty() ? id_of(object) : customer;
}

}  // namespace turnpike
