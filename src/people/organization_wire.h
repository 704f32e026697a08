#pragma once

#include <string>

#include "base/error.h"
#include "json/json.h"
#include "people/invitations.h"
#include "people/organizations.h"
#include "people/projects.h"

namespace turnpike {

/// Shapes only; the services check the values. Errors: InvalidArgument "request.invalid_body".
Result<NewOrganization> read_new_organization(const Json& body);
Result<OrganizationPatch> read_organization_patch(const Json& body);
Result<NewInvitation> read_new_invitation(const Json& body);
Result<OrgRole> read_role(const Json& body);
Result<std::string> read_project_name(const Json& body);

/// \param role  the caller's; absent for the seller
Json write_organization(const Organization& organization, const std::optional<OrgRole>& role);
Json write_member(const MemberRow& member);
/// Never the secret, which only the letter has.
Json write_invitation(const Invitation& invitation, Instant now);
Json write_project(const Project& project);
/// {"allowed", "current_count", "limit", "remaining"}; null where there is no limit.
Json write_capacity(const CapacityState& capacity);

}  // namespace turnpike
