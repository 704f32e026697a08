#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"

namespace turnpike {

struct KeyedRun;

/// What a credential may touch. A seller key carries a list; an admin JWT has all of them.
enum class Scope : std::uint8_t {
    CatalogRead,
    CatalogWrite,
    CustomersRead,
    CustomersWrite,
    UsageRead,
    UsageWrite,
    BillingRead,
    BillingWrite,
    KeysWrite,
    Operations,
};
std::string_view to_text(Scope scope);  ///< "usage:write"
std::optional<Scope> parse_scope(std::string_view text);
/// In the order of the enumeration.
std::vector<Scope> every_scope();
/// "catalog:read, customers:read, ..."; for messages.
std::string scope_names();

enum class PrincipalKind : std::uint8_t {
    Anonymous,  ///< no credential
    Customer,   ///< a user: session, JWT, or a customer's API key
    Seller,     ///< a seller API key, with scopes
    Admin,      ///< a superuser's session, or a JWT with role "admin": every scope
};

/// What somebody may do in an organization. Each may do what those before him may.
enum class OrgRole : std::uint8_t { Member, Admin, Owner };
std::string_view to_text(OrgRole role);  ///< "owner"
std::optional<OrgRole> parse_org_role(std::string_view text);

/// Who is calling. Made only by access::Authenticator.
struct Principal {
    PrincipalKind kind = PrincipalKind::Anonymous;
    /// JWT subject of a customer: the seller's own name for it. Of a session: the user's, who has
    /// one even without a subject. Empty for API keys and administrators' tokens.
    std::string external_id;
    /// Known already for customers' API keys; for JWTs the customers service resolves external_id.
    std::optional<CustomerId> customer;
    std::optional<std::string> email;  ///< JWT claim, when present
    std::vector<Scope> scopes;
    std::string name;                  ///< for audit: "user:alice", "key:key_01..", "admin:root"
    std::optional<UserId> user;        ///< of a session; who sends a token is found by external_id
    std::optional<SessionId> session;  ///< that the request came with
    /// What the route asks for in the organization that it names. Put here by the gate, from the
    /// policy, so that no handler says it a second time.
    std::optional<OrgRole> needed_role;

    /// While a request with an Idempotency-Key is handled (keyed_request.h); the gate sets it.
    const KeyedRun* keyed = nullptr;

    [[nodiscard]] bool has(Scope scope) const;
    /// A person who acts for himself: by a session, or by a user's token; not by a customer's key.
    [[nodiscard]] bool is_user() const;
};

}  // namespace turnpike
