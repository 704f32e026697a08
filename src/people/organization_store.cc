#include "people/organization_store.h"

#include "base/check.h"

namespace turnpike {
namespace {

constexpr std::string_view kFindOrganization = R"sql(
    SELECT id, slug, name, customer_id, deactivated_at, deactivated_by, created_at, version,
           (SELECT email FROM customers WHERE customers.id = customer_id)
      FROM organizations
     WHERE id = $1 OR slug = $1
)sql";

constexpr std::string_view kOrganizationOfCustomer = R"sql(
    SELECT id, slug, name, customer_id, deactivated_at, deactivated_by, created_at, version,
           (SELECT email FROM customers WHERE customers.id = customer_id)
      FROM organizations
     WHERE customer_id = $1
)sql";

constexpr std::string_view kInsertOrganization = R"sql(
    INSERT INTO organizations (id, slug, name, customer_id, deactivated_by, created_at, version,
                               made_by)
    VALUES ($1, $2, $3, $4, '', $5, $6, $7)
        ON CONFLICT (slug) DO NOTHING
)sql";

constexpr std::string_view kMade = R"sql(
    SELECT created_at FROM organizations WHERE made_by = $1
     ORDER BY created_at DESC LIMIT 1 OFFSET $2
)sql";

constexpr std::string_view kSlugOwner = R"sql(
    SELECT id FROM organizations WHERE slug = $1
)sql";

constexpr std::string_view kSaveOrganization = R"sql(
    UPDATE organizations SET name = $2, slug = $3, version = version + 1 WHERE id = $1
)sql";

constexpr std::string_view kLock = R"sql(
    UPDATE organizations SET version = version + 1 WHERE id = $1
)sql";

constexpr std::string_view kSetDeactivation = R"sql(
    UPDATE organizations SET deactivated_at = $2, deactivated_by = $3, version = version + 1
     WHERE id = $1
)sql";

constexpr std::string_view kListOrganizations = R"sql(
    SELECT id, slug, name, customer_id, deactivated_at, deactivated_by, created_at, version,
           (SELECT email FROM customers WHERE customers.id = customer_id)
      FROM organizations
     WHERE created_at >= $1 AND created_at < $2 AND (created_at, id) < ($3, $4)
     ORDER BY created_at DESC, id DESC
     LIMIT $5
)sql";

constexpr std::string_view kListOfUser = R"sql(
    SELECT id, slug, name, customer_id, deactivated_at, deactivated_by, created_at, version,
           (SELECT email FROM customers WHERE customers.id = customer_id)
      FROM organizations
     WHERE created_at >= $1 AND created_at < $2 AND (created_at, id) < ($3, $4)
       AND id IN (SELECT organization_id FROM memberships WHERE user_id = $6)
     ORDER BY created_at DESC, id DESC
     LIMIT $5
)sql";

constexpr std::string_view kListOfCatalog = R"sql(
    SELECT o.id, o.slug, o.name, o.customer_id, o.deactivated_at, o.deactivated_by, o.created_at,
           o.version, c.email
      FROM organizations o JOIN customers c ON c.id = o.customer_id
     WHERE o.created_at >= $1 AND o.created_at < $2 AND (o.created_at, o.id) < ($3, $4)
       AND c.catalog = $6
     ORDER BY o.created_at DESC, o.id DESC
     LIMIT $5
)sql";

constexpr std::string_view kLoadMembership = R"sql(
    SELECT organization_id, user_id, role, created_at
      FROM memberships
     WHERE organization_id = $1 AND user_id = $2
)sql";

constexpr std::string_view kInsertMembership = R"sql(
    INSERT INTO memberships (organization_id, user_id, role, created_at)
    VALUES ($1, $2, $3, $4)
        ON CONFLICT (organization_id, user_id) DO NOTHING
)sql";

constexpr std::string_view kSetRole = R"sql(
    UPDATE memberships SET role = $3 WHERE organization_id = $1 AND user_id = $2
)sql";

constexpr std::string_view kRemoveMembership = R"sql(
    DELETE FROM memberships WHERE organization_id = $1 AND user_id = $2
)sql";

constexpr std::string_view kListMembers = R"sql(
    SELECT m.organization_id, m.user_id, m.role, m.created_at, u.email, u.name,
           CASE WHEN u.deactivated_at IS NULL THEN 1 ELSE 0 END
      FROM memberships m JOIN users u ON u.id = m.user_id
     WHERE m.organization_id = $6 AND m.created_at >= $1 AND m.created_at < $2
       AND (m.created_at, m.user_id) < ($3, $4)
     ORDER BY m.created_at DESC, m.user_id DESC
     LIMIT $5
)sql";

constexpr std::string_view kMembershipsOf = R"sql(
    SELECT organization_id, user_id, role, created_at
      FROM memberships
     WHERE user_id = $1
     ORDER BY organization_id
)sql";

constexpr std::string_view kCustomersOfAdministrator = R"sql(
    SELECT o.customer_id
      FROM memberships m JOIN organizations o ON o.id = m.organization_id
     WHERE m.user_id = $1 AND m.role IN ('owner', 'admin')
     ORDER BY o.customer_id
)sql";

constexpr std::string_view kCountMembers = R"sql(
    SELECT COUNT(*) FROM memberships WHERE organization_id = $1
)sql";

constexpr std::string_view kHasActiveOwner = R"sql(
    SELECT COUNT(*)
      FROM memberships m JOIN users u ON u.id = m.user_id
     WHERE m.organization_id = $1 AND m.role = 'owner' AND u.deactivated_at IS NULL
)sql";

constexpr std::string_view kCountOtherOwners = R"sql(
    SELECT COUNT(*)
      FROM memberships m JOIN users u ON u.id = m.user_id
     WHERE m.organization_id = $1 AND m.role = 'owner' AND m.user_id <> $2
       AND u.deactivated_at IS NULL
)sql";

constexpr std::string_view kLoadProject = R"sql(
    SELECT id, organization_id, name, archived_at, created_at, version
      FROM projects
     WHERE organization_id = $1 AND id = $2
)sql";

constexpr std::string_view kInsertProject = R"sql(
    INSERT INTO projects (id, organization_id, name, created_at, version)
    VALUES ($1, $2, $3, $4, $5)
)sql";

constexpr std::string_view kSaveProject = R"sql(
    UPDATE projects SET name = $3, archived_at = $4, version = version + 1
     WHERE id = $1 AND version = $2
)sql";

constexpr std::string_view kListProjects = R"sql(
    SELECT id, organization_id, name, archived_at, created_at, version
      FROM projects
     WHERE organization_id = $6 AND created_at >= $1 AND created_at < $2
       AND (created_at, id) < ($3, $4)
     ORDER BY created_at DESC, id DESC
     LIMIT $5
)sql";

constexpr std::string_view kCountProjects = R"sql(
    SELECT COUNT(*) FROM projects WHERE organization_id = $1 AND archived_at IS NULL
)sql";

Organization organization_from_row(const sql::Row& row) {
    return {.id = row.id<OrganizationId>(0),
            .slug = row.text(1),
            .name = row.text(2),
            .customer = row.id<CustomerId>(3),
            .deactivated_at = row.maybe_instant(4),
            .deactivated_by = row.text(5),
            .created_at = row.instant(6),
            .version = row.integer(7),
            .billing_email = row.maybe_text(8)};
}

Membership membership_from_row(const sql::Row& row) {
    const auto role = parse_org_role(row.text(2));
    check(role.has_value(), "a stored role is one that we know");
    return {.organization = row.id<OrganizationId>(0),
            .user = row.id<UserId>(1),
            .role = *role,
            .created_at = row.instant(3)};
}

Project project_from_row(const sql::Row& row) {
    return {.id = row.id<ProjectId>(0),
            .organization = row.id<OrganizationId>(1),
            .name = row.text(2),
            .archived_at = row.maybe_instant(3),
            .created_at = row.instant(4),
            .version = row.integer(5)};
}

}  // namespace

std::optional<Organization> find_organization(sql::Transaction& tx, std::string_view ref) {
    const auto row = tx.one(kFindOrganization, {ref});
    if (!row) return std::nullopt;
    return organization_from_row(*row);
}

std::optional<Organization> find_organization_of_customer(sql::Transaction& tx,
                                                          const CustomerId& customer) {
    const auto row = tx.one(kOrganizationOfCustomer, {customer});
    if (!row) return std::nullopt;
    return organization_from_row(*row);
}

std::vector<CustomerId> customers_of_administrator(sql::Transaction& tx, const UserId& user) {
    std::vector<CustomerId> customers;
    for (const auto& row : tx.all(kCustomersOfAdministrator, {user}))
        customers.push_back(row.id<CustomerId>(0));
    return customers;
}

bool insert_organization(sql::Transaction& tx, const Organization& organization,
                         const std::optional<UserId>& maker) {
    return tx.run(kInsertOrganization,
                  {organization.id, organization.slug, organization.name, organization.customer,
                   organization.created_at, organization.version, maker}) == 1;
}

std::optional<Instant> made_organization(sql::Transaction& tx, const UserId& maker, int newer) {
    const auto row = tx.one(kMade, {maker, newer});
    return row ? std::optional(row->instant(0)) : std::nullopt;
}

bool save_organization(sql::Transaction& tx, const Organization& organization) {
    const auto owner = tx.one(kSlugOwner, {organization.slug});
    if (owner && owner->text(0) != organization.id.text()) return false;
    tx.run(kSaveOrganization, {organization.id, organization.name, organization.slug});
    return true;
}

void lock_organization(sql::Transaction& tx, const OrganizationId& id) { tx.run(kLock, {id}); }

void set_deactivation(sql::Transaction& tx, const Organization& organization) {
    tx.run(kSetDeactivation,
           {organization.id, organization.deactivated_at, organization.deactivated_by});
}

std::vector<Organization> list_organizations(sql::Transaction& tx,
                                             const std::optional<UserId>& user,
                                             const PageQuery& page) {
    const auto rows =
        user ? tx.all(kListOfUser,
                      {page.since, page.until, page.after.at, page.after.id, page.fetch(), *user})
             : tx.all(kListOrganizations,
                      {page.since, page.until, page.after.at, page.after.id, page.fetch()});
    std::vector<Organization> organizations;
    organizations.reserve(rows.size());
    for (const auto& row : rows) organizations.push_back(organization_from_row(row));
    return organizations;
}

std::vector<Organization> list_organizations_of_catalog(sql::Transaction& tx,
                                                        std::string_view catalog,
                                                        const PageQuery& page) {
    std::vector<Organization> organizations;
    for (const auto& row : tx.all(kListOfCatalog, {page.since, page.until, page.after.at,
                                                   page.after.id, page.fetch(), catalog}))
        organizations.push_back(organization_from_row(row));
    return organizations;
}

std::optional<Membership> load_membership(sql::Transaction& tx, const OrganizationId& organization,
                                          const UserId& user) {
    const auto row = tx.one(kLoadMembership, {organization, user});
    if (!row) return std::nullopt;
    return membership_from_row(*row);
}

bool insert_membership(sql::Transaction& tx, const Membership& membership) {
    return tx.run(kInsertMembership, {membership.organization, membership.user,
                                      to_text(membership.role), membership.created_at}) == 1;
}

void set_role(sql::Transaction& tx, const Membership& membership) {
    tx.run(kSetRole, {membership.organization, membership.user, to_text(membership.role)});
}

void remove_membership(sql::Transaction& tx, const Membership& membership) {
    tx.run(kRemoveMembership, {membership.organization, membership.user});
}

std::vector<MemberRow> list_members(sql::Transaction& tx, const OrganizationId& organization,
                                    const PageQuery& page) {
    std::vector<MemberRow> members;
    for (const auto& row : tx.all(kListMembers, {page.since, page.until, page.after.at,
                                                 page.after.id, page.fetch(), organization}))
        members.push_back({.membership = membership_from_row(row),
                           .email = row.maybe_text(4),
                           .name = row.maybe_text(5),
                           .is_active = row.flag(6)});
    return members;
}

std::vector<Membership> memberships_of(sql::Transaction& tx, const UserId& user) {
    std::vector<Membership> memberships;
    for (const auto& row : tx.all(kMembershipsOf, {user}))
        memberships.push_back(membership_from_row(row));
    return memberships;
}

std::int64_t count_members(sql::Transaction& tx, const OrganizationId& organization) {
    return tx.one(kCountMembers, {organization})->integer(0);
}

bool has_active_owner(sql::Transaction& tx, const OrganizationId& organization) {
    return tx.one(kHasActiveOwner, {organization})->integer(0) > 0;
}

std::int64_t count_other_owners(sql::Transaction& tx, const OrganizationId& organization,
                                const UserId& but) {
    return tx.one(kCountOtherOwners, {organization, but})->integer(0);
}

std::optional<Project> load_project(sql::Transaction& tx, const OrganizationId& organization,
                                    std::string_view id) {
    const auto row = tx.one(kLoadProject, {organization, id});
    if (!row) return std::nullopt;
    return project_from_row(*row);
}

void insert_project(sql::Transaction& tx, const Project& project) {
    tx.run(kInsertProject,
           {project.id, project.organization, project.name, project.created_at, project.version});
}

bool save_project(sql::Transaction& tx, const Project& project) {
    return tx.run(kSaveProject, {project.id, project.version, project.name, project.archived_at}) ==
           1;
}

std::vector<Project> list_projects(sql::Transaction& tx, const OrganizationId& organization,
                                   const PageQuery& page) {
    std::vector<Project> projects;
    for (const auto& row : tx.all(kListProjects, {page.since, page.until, page.after.at,
                                                  page.after.id, page.fetch(), organization}))
        projects.push_back(project_from_row(row));
    return projects;
}

std::int64_t count_projects(sql::Transaction& tx, const OrganizationId& organization) {
    return tx.one(kCountProjects, {organization})->integer(0);
}

}  // namespace turnpike
