#pragma once

#include <string_view>

#include "audit/audit.h"
#include "base/error.h"
#include "people/organizations.h"
#include "sql/sql.h"

namespace turnpike {

/// The one wording for whoever is no member.
std::unexpected<Error> no_such_member();

// All of these meet at the organization's row, so that of two owners who leave at the same time one
// stays.

/// Only an owner makes owners, and changes one.
///
/// Errors: NotFound "organization.member_not_found"; Forbidden "organization.role_too_small";
///         Conflict "organization.last_owner".
Result<MemberRow> change_role(sql::Transaction& tx, const OrgDeed& deed, std::string_view user,
                              OrgRole role);
/// Gives the seat back. Errors: as change_role.
Result<MemberRow> remove_member(sql::Transaction& tx, const OrgDeed& deed, std::string_view user);
/// Errors: Forbidden "organization.not_a_member" for the seller; Conflict
/// "organization.last_owner".
Result<MemberRow> leave(sql::Transaction& tx, const OrgDeed& deed);
/// The member becomes an owner, and the owner who says so an administrator of the organization.
///
/// The seller may do it in a deactivated organization, too, so that it can be reactivated.
///
/// Errors: NotFound "organization.member_not_found"; Conflict "organization.user_deactivated",
///         "organization.deactivated".
Result<MemberRow> transfer_ownership(sql::Transaction& tx, const OrgDeed& deed,
                                     std::string_view user);

/// Nobody joins, and nothing is made, until it is taken back. What was bought goes on.
Result<Organization> deactivate_organization(sql::Transaction& tx, const OrgDeed& deed);
/// Errors: Forbidden "organization.deactivated_by_seller" for owners.
Result<Organization> reactivate_organization(sql::Transaction& tx, const OrgDeed& deed);

}  // namespace turnpike
