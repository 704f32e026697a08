#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/cursor.h"
#include "access/principal.h"
#include "people/organization.h"
#include "people/user.h"
#include "sql/sql.h"

namespace turnpike {

/// By id or slug.
std::optional<Organization> find_organization(sql::Transaction& tx, std::string_view ref);
/// Of the organizations where the user is an admin or owner.
std::vector<CustomerId> customers_of_administrator(sql::Transaction& tx, const UserId& user);
std::optional<Organization> find_organization_of_customer(sql::Transaction& tx,
                                                          const CustomerId& customer);
/// False, and no change, when the slug is taken.
/// \param maker  the user who makes it for himself; nullopt: the seller
bool insert_organization(sql::Transaction& tx, const Organization& organization,
                         const std::optional<UserId>& maker);
/// When the one was made that has so many newer ones by the same maker.
std::optional<Instant> made_organization(sql::Transaction& tx, const UserId& maker, int newer);
/// Writes name and slug. False when the slug is taken.
bool save_organization(sql::Transaction& tx, const Organization& organization);
/// Raises the version, so that two changes of who the members are cannot pass each other.
void lock_organization(sql::Transaction& tx, const OrganizationId& id);
void set_deactivation(sql::Transaction& tx, const Organization& organization);
/// Newest first; page.fetch() at most. Of one user when given.
std::vector<Organization> list_organizations(sql::Transaction& tx,
                                             const std::optional<UserId>& user,
                                             const PageQuery& page);
/// The same of those that buy from this catalog (key).
std::vector<Organization> list_organizations_of_catalog(sql::Transaction& tx,
                                                        std::string_view catalog,
                                                        const PageQuery& page);

struct Membership {
    OrganizationId organization;
    UserId user;
    OrgRole role = OrgRole::Member;
    Instant created_at;
};
/// With what the others see of him.
struct MemberRow {
    Membership membership;
    std::optional<std::string> email;
    std::optional<std::string> name;
    bool is_active = true;
};
std::optional<Membership> load_membership(sql::Transaction& tx, const OrganizationId& organization,
                                          const UserId& user);
/// False, and no change, when he is one already.
bool insert_membership(sql::Transaction& tx, const Membership& membership);
void set_role(sql::Transaction& tx, const Membership& membership);
void remove_membership(sql::Transaction& tx, const Membership& membership);
std::vector<MemberRow> list_members(sql::Transaction& tx, const OrganizationId& organization,
                                    const PageQuery& page);
std::vector<Membership> memberships_of(sql::Transaction& tx, const UserId& user);
std::int64_t count_members(sql::Transaction& tx, const OrganizationId& organization);
/// Whether an owner can sign in.
bool has_active_owner(sql::Transaction& tx, const OrganizationId& organization);
/// Owners who can sign in, but this one.
std::int64_t count_other_owners(sql::Transaction& tx, const OrganizationId& organization,
                                const UserId& but);

std::optional<Project> load_project(sql::Transaction& tx, const OrganizationId& organization,
                                    std::string_view id);
void insert_project(sql::Transaction& tx, const Project& project);
/// Writes name and archived_at when nobody else did meanwhile.
bool save_project(sql::Transaction& tx, const Project& project);
std::vector<Project> list_projects(sql::Transaction& tx, const OrganizationId& organization,
                                   const PageQuery& page);
/// Those that are not archived.
std::int64_t count_projects(sql::Transaction& tx, const OrganizationId& organization);

}  // namespace turnpike
