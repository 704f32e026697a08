#include "people/directory.h"

#include <utility>

#include "people/organization_store.h"

namespace turnpike {
namespace {

constexpr std::string_view kUsers = R"sql(
    SELECT COUNT(*),
           CAST(COALESCE(SUM(CASE WHEN deactivated_at IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT),
           CAST(COALESCE(SUM(CASE WHEN created_at >= $1 THEN 1 ELSE 0 END), 0) AS BIGINT)
      FROM users
)sql";

constexpr std::string_view kOrganizations = R"sql(
    SELECT COUNT(*),
           CAST(COALESCE(SUM(CASE WHEN deactivated_at IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT),
           CAST(COALESCE(SUM(CASE WHEN created_at >= $1 THEN 1 ELSE 0 END), 0) AS BIGINT)
      FROM organizations
)sql";

constexpr std::string_view kOrganizationsOfCatalog = R"sql(
    SELECT COUNT(*),
           CAST(COALESCE(SUM(CASE WHEN o.deactivated_at IS NULL THEN 1 ELSE 0 END), 0) AS BIGINT),
           CAST(COALESCE(SUM(CASE WHEN o.created_at >= $1 THEN 1 ELSE 0 END), 0) AS BIGINT)
      FROM organizations o JOIN customers c ON c.id = o.customer_id
     WHERE c.catalog = $2
)sql";

HeadCount from_row(const sql::Row& row) {
    return {.total = row.integer(0), .active = row.integer(1), .added = row.integer(2)};
}

}  // namespace

HeadCount count_users(sql::Transaction& tx, Instant since) {
    return from_row(*tx.one(kUsers, {since}));
}

HeadCount count_organizations(sql::Transaction& tx, const std::optional<std::string_view>& catalog,
                              Instant since) {
    return from_row(catalog ? *tx.one(kOrganizationsOfCatalog, {since, *catalog})
                            : *tx.one(kOrganizations, {since}));
}

std::vector<ListedOrganization> list_directory(sql::Transaction& tx, std::string_view catalog,
                                               const PageQuery& page) {
    std::vector<ListedOrganization> listed;
    for (auto& organization : list_organizations_of_catalog(tx, catalog, page)) {
        const auto members = count_members(tx, organization.id);
        const auto projects = count_projects(tx, organization.id);
        listed.push_back({std::move(organization), members, projects});
    }
    return listed;
}

std::vector<Affiliation> affiliations_of(sql::Transaction& tx, const UserId& user) {
    std::vector<Affiliation> affiliations;
    for (const auto& membership : memberships_of(tx, user))
        affiliations.push_back({find_organization(tx, membership.organization.text()).value(),
                                membership.role, membership.created_at});
    return affiliations;
}

std::optional<Organization> organization_of(sql::Transaction& tx, const CustomerId& customer) {
    return find_organization_of_customer(tx, customer);
}

}  // namespace turnpike
