#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "access/cursor.h"
#include "access/principal.h"
#include "base/time.h"
#include "people/organization.h"
#include "people/user.h"
#include "sql/sql.h"

namespace turnpike {

// Who there is, for the seller's staff.

/// How many there are. Who was deactivated is inactive.
struct HeadCount {
    std::int64_t total = 0;
    std::int64_t active = 0;
    std::int64_t added = 0;  ///< since the moment that was asked about
    [[nodiscard]] std::int64_t inactive() const { return total - active; }
    friend bool operator==(const HeadCount&, const HeadCount&) = default;
};
/// Of the whole server: users belong to no catalog.
HeadCount count_users(sql::Transaction& tx, Instant since);
/// \param catalog  key of what they buy from; absent: all organizations
HeadCount count_organizations(sql::Transaction& tx, const std::optional<std::string_view>& catalog,
                              Instant since);

/// An organization and how many are in it.
struct ListedOrganization {
    Organization organization;
    std::int64_t members = 0;
    std::int64_t projects = 0;  ///< not archived
};
/// Those that buy from this catalog (key), newest first; page.fetch() at most.
std::vector<ListedOrganization> list_directory(sql::Transaction& tx, std::string_view catalog,
                                               const PageQuery& page);

/// Where somebody is a member, and since when.
struct Affiliation {
    Organization organization;
    OrgRole role = OrgRole::Member;
    Instant since;
};
std::vector<Affiliation> affiliations_of(sql::Transaction& tx, const UserId& user);

/// Whose customer it is; nullopt: no organization's.
std::optional<Organization> organization_of(sql::Transaction& tx, const CustomerId& customer);

}  // namespace turnpike
