#include "sandbox/stripe/wire/fields.h"

#include <array>
#include <string>

#include "json/value.h"
#include "sandbox/stripe/wire/billing_document.h"
#include "sandbox/stripe/wire/checked_fields.h"

namespace turnpike::twin {
namespace {

constexpr std::array<std::string_view, 6> kAddressLines{"city",  "country",     "line1",
                                                        "line2", "postal_code", "state"};

}  // namespace

void set_text(Params& params, std::string_view name, Json& object, std::size_t characters_max) {
    if (const auto value = params.text(name, characters_max))
        object[std::string(name)] = text_or_null(*value);
}

void set_boolean(Params& params, std::string_view name, Json& object) {
    if (const auto value = params.boolean(name)) object[std::string(name)] = *value;
}

void set_integer(Params& params, std::string_view name, Json& object) {
    if (const auto value = params.integer(name)) object[std::string(name)] = *value;
}

Json empty_address() {
    Json address = Json::object();
    for (const auto line : kAddressLines) address[std::string(line)] = nullptr;
    return address;
}

void set_address(Params& params, std::string_view name, Json& object) {
    if (!params.has(name)) return;
    Json& address = object[std::string(name)];
    auto lines = params.object(name);
    if (!lines) {
        address = nullptr;
        return;
    }
    if (!address.is_object()) address = empty_address();
    for (const auto line : kAddressLines) set_text(*lines, line, address);
    params.absorb(*lines);
}

void set_billing_details(Params& params, Json& object) {
    auto given = params.object("billing_details");
    if (!given) return;
    Json& details = object["billing_details"];
    set_address(*given, "address", details);
    if (details["address"].is_null()) details["address"] = empty_address();
    set_email(*given, "email", details);
    for (const std::string_view name : {"name", "phone", "tax_id"}) set_text(*given, name, details);
    params.absorb(*given);
}

}  // namespace turnpike::twin
