#include "keys/wire.h"

#include <algorithm>
#include <utility>

#include "access/api_key.h"
#include "json/object_reader.h"
#include "json/write.h"

namespace turnpike {
namespace {

std::vector<Scope> read_scopes(ObjectReader& fields) {
    const Json* list = fields.optional_array("scopes");
    std::vector<Scope> scopes;
    if (list == nullptr) return scopes;
    if (list->empty()) fields.complain("scopes", "too_short", "must name at least one scope");
    for (const Json& item : *list) {
        const auto scope =
            item.is_string() ? parse_scope(item.get<std::string>()) : std::optional<Scope>();
        if (!scope) {
            fields.complain("scopes", "unknown_scope",
                            "names a scope that does not exist; there are: " + scope_names());
            return {};
        }
        if (std::ranges::find(scopes, *scope) == scopes.end()) scopes.push_back(*scope);
    }
    return scopes;
}

}  // namespace

Result<KeyRequest> read_key_request(const Json& body) {
    ObjectReader fields(body);
    KeyRequest request;
    request.name = fields.required_free_text("name", {.length_min = 1, .length_max = kKeyNameMax});
    request.scopes = read_scopes(fields);
    request.customer_ref = fields.optional_text("customer");
    request.expires_at = fields.optional_instant("expires_at");
    const bool for_seller = body.is_object() && body.contains("scopes");
    if (for_seller == request.customer_ref.has_value())
        fields.complain("scopes", "one_of",
                        "is for a seller's key, customer for a customer's: name exactly one");
    return fields.finish(std::move(request));
}

Json write_key(const ApiKey& key) {
    Json scopes = Json::array();
    for (const Scope scope : key.scopes) scopes.push_back(to_text(scope));
    Json json;
    json["id"] = key.id.text();
    json["object"] = "api_key";
    json["kind"] = key.customer ? "customer" : "seller";
    json["name"] = key.name;
    json["customer"] = key.customer ? Json(key.customer->text()) : Json();
    json["scopes"] = std::move(scopes);
    json["hint"] = key.hint;
    json["created_at"] = format_rfc3339(key.created_at);
    json["expires_at"] = write_instant(key.expires_at);
    json["revoked_at"] = write_instant(key.revoked_at);
    return json;
}

}  // namespace turnpike
