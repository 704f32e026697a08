#include "access/principal.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace turnpike {
namespace {

constexpr auto kScopes = std::to_array<std::pair<Scope, std::string_view>>({
    {Scope::CatalogRead, "catalog:read"},
    {Scope::CatalogWrite, "catalog:write"},
    {Scope::CustomersRead, "customers:read"},
    {Scope::CustomersWrite, "customers:write"},
    {Scope::UsageRead, "usage:read"},
    {Scope::UsageWrite, "usage:write"},
    {Scope::BillingRead, "billing:read"},
    {Scope::BillingWrite, "billing:write"},
    {Scope::KeysWrite, "keys:write"},
    {Scope::Operations, "operations"},
});

}  // namespace

std::string_view to_text(Scope scope) {
    for (const auto& [known, text] : kScopes)
        if (known == scope) return text;
    check(false, "every scope has a text");
    return {};
}

std::optional<Scope> parse_scope(std::string_view text) {
    for (const auto& [known, name] : kScopes)
        if (name == text) return known;
    return std::nullopt;
}

std::vector<Scope> every_scope() {
    std::vector<Scope> scopes;
    for (const auto& [scope, name] : kScopes) scopes.push_back(scope);
    return scopes;
}

std::string scope_names() {
    std::string names;
    for (const auto& [scope, name] : kScopes) names.append(names.empty() ? "" : ", ").append(name);
    return names;
}

std::string_view to_text(OrgRole role) {
    switch (role) {
        case OrgRole::Member: return "member";
        case OrgRole::Admin: return "admin";
        case OrgRole::Owner: return "owner";
    }
    check(false, "every role has a text");
    return {};
}

std::optional<OrgRole> parse_org_role(std::string_view text) {
    for (const OrgRole role : {OrgRole::Member, OrgRole::Admin, OrgRole::Owner})
        if (to_text(role) == text) return role;
    return std::nullopt;
}

bool Principal::is_user() const {
    return user.has_value() || (kind == PrincipalKind::Customer && !customer);
}

bool Principal::has(Scope scope) const {
    if (kind == PrincipalKind::Admin) return true;
    return kind == PrincipalKind::Seller && std::ranges::find(scopes, scope) != scopes.end();
}

}  // namespace turnpike
