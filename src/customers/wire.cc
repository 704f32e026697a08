#include "customers/wire.h"

#include <utility>

#include "json/object_reader.h"
#include "json/write.h"

namespace turnpike {
namespace {

constexpr ObjectReader::Text kName{.length_min = 1, .length_max = 200};
constexpr ObjectReader::Text kEmail{.length_min = 1, .length_max = 254};

using ReadText = std::optional<std::string> (ObjectReader::*)(std::string_view, ObjectReader::Text);

/// Absent, cleared by null, or a text.
std::optional<std::optional<std::string>> read_change(ObjectReader& fields, const char* name,
                                                      ReadText read, ObjectReader::Text rule) {
    if (fields.takes_null(name)) return std::optional<std::string>();
    auto text = (fields.*read)(name, rule);
    if (!text) return std::nullopt;
    return std::move(text);
}

/// What is left of the metadata when the keys to remove are taken out.
void read_metadata_change(ObjectReader& fields, CustomerPatch& patch) {
    if (fields.takes_null("metadata")) {
        patch.clear_metadata = CustomerPatch::Clear::Yes;
        return;
    }
    for (auto& [key, value] : fields.optional_metadata("metadata"))
        patch.metadata.emplace_back(std::move(key), std::move(value));
}

/// Takes `metadata`'s null members out of `body`.
std::vector<std::string> take_removed_keys(Json& body) {
    std::vector<std::string> removed;
    if (!body.is_object() || !body.contains("metadata") || !body["metadata"].is_object())
        return removed;
    auto& metadata = body["metadata"];
    for (const auto& [key, value] : metadata.items())
        if (value.is_null()) removed.push_back(key);
    for (const auto& key : removed) metadata.erase(key);
    return removed;
}

}  // namespace

Json write_customer(const Customer& customer) {
    Json metadata = Json::object();
    for (const auto& [key, value] : customer.metadata) metadata[key] = value;
    Json json;
    json["id"] = customer.id.text();
    json["object"] = "customer";
    json["external_id"] = customer.external_id;
    json["catalog"] = customer.catalog;
    json["email"] = write_optional(customer.email);
    json["name"] = write_optional(customer.name);
    json["metadata"] = std::move(metadata);
    json["test_clock"] = customer.test_clock ? Json(customer.test_clock->text()) : Json();
    json["created_at"] = format_rfc3339(customer.created_at);
    json["version"] = customer.version;
    return json;
}

Result<CustomerDraft> read_customer_draft(const Json& body) {
    ObjectReader fields(body);
    CustomerDraft draft;
    draft.external_id = fields.required_text("external_id", {.length_min = 1, .length_max = 128});
    draft.catalog =
        fields.optional_text("catalog", {.length_min = 1, .length_max = 64}).value_or("");
    draft.email = fields.optional_text("email", kEmail);
    draft.name = fields.optional_free_text("name", kName);
    draft.metadata = fields.optional_metadata("metadata");
    if (const auto clock = fields.optional_text("test_clock")) {
        draft.test_clock = TestClockId::parse(*clock);
        if (!draft.test_clock) fields.complain("test_clock", "malformed", "must be a clock_... id");
    }
    return fields.finish(std::move(draft));
}

Result<CustomerPatch> read_customer_patch(const Json& body) {
    Json rest = body;
    const auto removed = take_removed_keys(rest);
    ObjectReader fields(rest);
    CustomerPatch patch;
    patch.email = read_change(fields, "email", &ObjectReader::optional_text, kEmail);
    patch.name = read_change(fields, "name", &ObjectReader::optional_free_text, kName);
    read_metadata_change(fields, patch);
    for (const auto& key : removed) patch.metadata.emplace_back(key, std::nullopt);
    return fields.finish(std::move(patch));
}

}  // namespace turnpike
