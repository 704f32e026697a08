#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/principal.h"
#include "audit/audit.h"
#include "base/error.h"
#include "catalog/cache.h"
#include "people/organization.h"
#include "people/organization_store.h"
#include "people/seats.h"
#include "people/users.h"
#include "sql/sql.h"

namespace turnpike {

/// What the caller may do in one organization: he has the role that the route asks for.
struct OrgAccess {
    Organization organization;
    std::optional<UserId> user;  ///< the member; absent for administrators and sellers' keys
    OrgRole role = OrgRole::Owner;
    bool is_seller = false;  ///< an administrator or a seller's key: may everything
};

/// Lets the caller into the organization with this id or slug. Administrators, and sellers' keys
/// with the route's scope, may everything.
///
/// Errors: NotFound "organization.not_found", also for somebody else's; Forbidden
///         "organization.role_too_small", "people.user_deactivated".
Result<OrgAccess> member_of(sql::Transaction& tx, const Principal& caller, std::string_view ref);
/// The one wording for what is read only.
std::unexpected<Error> organization_deactivated();
/// The same, to change something. Errors: also Conflict "organization.deactivated".
Result<OrgAccess> active_member_of(sql::Transaction& tx, const Principal& caller,
                                   std::string_view ref);
/// Lets the caller into the organization that buys as this customer. Nobody is let in without one,
/// or to a customer who is no organization: in the same words. Errors: as member_of.
Result<OrgAccess> member_of_buyer(sql::Transaction& tx, const Principal& caller,
                                  const std::optional<CustomerId>& customer);

/// Customers of the organizations whose bills the caller sees: those where he is an admin or owner.
/// A customer's key sees none.
///
/// Errors: Forbidden "people.user_deactivated".
Result<std::vector<CustomerId>> customers_administered_by(sql::Transaction& tx,
                                                          const Principal& caller);

/// Who does something in an organization, and when.
struct OrgDeed {
    const OrgAccess& access;
    const Authority& authority;
    Instant now;
    IdSource& ids;
    CatalogCache& catalog;
};

/// What was asked for, or why there was no room for it. The seats are as they are afterwards.
template <class T>
struct Seated {
    std::optional<T> made;
    SeatState seat;
};

/// How things are made, by whomever.
struct OrgMaking {
    const Authority& authority;
    Instant now;
    IdSource& ids;
    CatalogCache& catalog;
};

inline constexpr std::string_view kOrganizationsCatalog = "saas-orgs";

struct NewOrganization {
    std::string name;
    std::optional<std::string> slug;
    std::optional<std::string> owner;  ///< as find_user takes it; absent: the caller
    /// That it buys from; "": kOrganizationsCatalog, or the primary one. The seller's to say: what
    /// is free is another thing in each.
    std::string catalog;
};
/// More in a day are no longer a person's own; the seller may make them.
inline constexpr int kOrganizationsPerDay = 20;
/// With its owner, who is the first of its users, and its customer.
///
/// Errors: InvalidArgument "organization.invalid_slug", "customer.unknown_catalog",
///         "organization.owner_needed"; Forbidden "organization.other_owner" when a user names
///         another one, "organization.catalog_of_seller" when he names a catalog; LimitExceeded
///         "organization.too_many"; NotFound "people.user_not_found"; Conflict
///         "organization.slug_taken", "organization.user_deactivated",
///         "organization.no_room_for_owner".
Result<Organization> create_organization(sql::Transaction& tx, const NewOrganization& wanted,
                                         const Principal& caller, const OrgMaking& making);

struct OrganizationPatch {
    std::optional<std::string> name;
    std::optional<std::string> slug;
    std::optional<std::string> billing_email;  ///< where its customer's invoices and letters go
};
/// Its customer gets the name and the e-mail. A patch that changes nothing leaves everything alone.
///
/// Errors: those of the name and slug of create_organization; InvalidArgument
///         "customer.invalid_email".
Result<Organization> change_organization(sql::Transaction& tx, const OrgDeed& deed,
                                         const OrganizationPatch& patch);

}  // namespace turnpike
