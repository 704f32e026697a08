#include "people/organization_wire.h"

#include <utility>

#include "json/object_reader.h"
#include "json/write.h"

namespace turnpike {
namespace {

constexpr ObjectReader::Text kNameText{.length_min = 1, .length_max = 200};

OrgRole take_role(ObjectReader& fields, const std::string& text) {
    const auto role = parse_org_role(text);
    if (!role && !text.empty())
        fields.complain("role", "unknown_value", "must be owner, admin or member");
    return role.value_or(OrgRole::Member);
}

Json write_count(const std::optional<std::int64_t>& count) { return count ? Json(*count) : Json(); }

}  // namespace

Result<NewOrganization> read_new_organization(const Json& body) {
    ObjectReader fields(body);
    NewOrganization wanted;
    wanted.name = fields.required_free_text("name", kNameText);
    wanted.slug = fields.optional_text("slug");
    wanted.owner = fields.optional_text("owner");
    wanted.catalog = fields.optional_text("catalog").value_or("");
    return fields.finish(std::move(wanted));
}

Result<OrganizationPatch> read_organization_patch(const Json& body) {
    ObjectReader fields(body);
    OrganizationPatch patch;
    patch.name = fields.optional_free_text("name", kNameText);
    patch.slug = fields.optional_text("slug");
    patch.billing_email =
        fields.optional_text("billing_email", {.length_min = 1, .length_max = 254});
    return fields.finish(std::move(patch));
}

Result<NewInvitation> read_new_invitation(const Json& body) {
    ObjectReader fields(body);
    NewInvitation wanted;
    wanted.email = fields.required_text("email", {.length_min = 1, .length_max = 254});
    wanted.role = take_role(fields, fields.optional_text("role").value_or("member"));
    return fields.finish(std::move(wanted));
}

Result<OrgRole> read_role(const Json& body) {
    ObjectReader fields(body);
    const auto role = take_role(fields, fields.required_text("role"));
    return fields.finish(role);
}

Result<std::string> read_project_name(const Json& body) {
    ObjectReader fields(body);
    auto name = fields.required_free_text("name", kNameText);
    return fields.finish(std::move(name));
}

Json write_organization(const Organization& organization, const std::optional<OrgRole>& role) {
    Json json;
    json["id"] = organization.id.text();
    json["object"] = "organization";
    json["slug"] = organization.slug;
    json["name"] = organization.name;
    json["customer"] = organization.customer.text();
    json["billing_email"] = write_optional(organization.billing_email);
    json["is_active"] = is_active(organization);
    json["deactivated_at"] = write_instant(organization.deactivated_at);
    json["role"] = role ? Json(to_text(*role)) : Json();
    json["created_at"] = format_rfc3339(organization.created_at);
    return json;
}

Json write_member(const MemberRow& member) {
    Json json;
    json["object"] = "member";
    json["user"] = member.membership.user.text();
    json["organization"] = member.membership.organization.text();
    json["role"] = to_text(member.membership.role);
    json["email"] = write_optional(member.email);
    json["name"] = write_optional(member.name);
    json["is_active"] = member.is_active;
    json["created_at"] = format_rfc3339(member.membership.created_at);
    return json;
}

Json write_invitation(const Invitation& invitation, Instant now) {
    const bool is_over = invitation.state == "open" && !is_open(invitation, now);
    Json json;
    json["id"] = invitation.id.text();
    json["object"] = "invitation";
    json["organization"] = invitation.organization.text();
    json["email"] = invitation.email;
    json["role"] = to_text(invitation.role);
    json["state"] = is_over ? "expired" : invitation.state;
    json["created_at"] = format_rfc3339(invitation.created_at);
    json["expires_at"] = format_rfc3339(invitation.expires_at);
    return json;
}

Json write_project(const Project& project) {
    Json json;
    json["id"] = project.id.text();
    json["object"] = "project";
    json["organization"] = project.organization.text();
    json["name"] = project.name;
    json["archived_at"] = write_instant(project.archived_at);
    json["created_at"] = format_rfc3339(project.created_at);
    return json;
}

Json write_capacity(const CapacityState& capacity) {
    Json json;
    json["allowed"] = capacity.allowed;
    json["current_count"] = capacity.current_count;
    json["limit"] = write_count(capacity.limit);
    json["remaining"] = write_count(capacity.remaining());
    return json;
}

}  // namespace turnpike
