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
    Customer,   ///< a user: JWT, or a customer's API key
    Seller,     ///< a seller API key, with scopes
    Admin,      ///< a JWT with role "admin": every scope
};

/// Who is calling. Made only by access::Authenticator.
struct Principal {
    PrincipalKind kind = PrincipalKind::Anonymous;
    /// JWT subject of a customer: the seller's own name for it. Empty for API keys.
    std::string external_id;
    /// Known already for customers' API keys; for JWTs the customers service resolves external_id.
    std::optional<CustomerId> customer;
    std::optional<std::string> email;  ///< JWT claim, when present
    std::vector<Scope> scopes;
    std::string name;  ///< for audit: "user:alice", "key:key_01..", "admin:root"

    /// While a request with an Idempotency-Key is handled (keyed_request.h); the gate sets it.
    const KeyedRun* keyed = nullptr;

    [[nodiscard]] bool has(Scope scope) const;
};

}  // namespace turnpike
