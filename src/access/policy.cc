#include "access/policy.h"

#include <cstddef>
#include <string>

namespace turnpike {
namespace {

constexpr bool asks_for_scope(Who who) {
    return who == Who::Seller || who == Who::CustomerOrSeller || who == Who::Gateway ||
           who == Who::Member || who == Who::OptionalCredential;
}

/// Lengths first: a compiler evaluates only so many steps, and the table has thousands of pairs.
constexpr bool is_same_route(const Policy& one, const Policy& other) {
    return one.pattern.size() == other.pattern.size() && one.pattern == other.pattern &&
           one.method == other.method;
}

constexpr bool table_is_sound() {
    for (std::size_t i = 0; i < kPolicies.size(); ++i) {
        if (kPolicies[i].scope.has_value() != asks_for_scope(kPolicies[i].who)) return false;
        if (kPolicies[i].role.has_value() != (kPolicies[i].who == Who::Member)) return false;
        for (std::size_t k = i + 1; k < kPolicies.size(); ++k)
            if (is_same_route(kPolicies[i], kPolicies[k])) return false;
    }
    return true;
}
static_assert(table_is_sound(),
              "a route is listed once, names a scope when sellers call it, a role when members do");

std::unexpected<Error> lacks_right(std::string message) {
    return fail(ErrorCode::Forbidden, "access.forbidden", std::move(message));
}

Result<void> authorize_seller(const Policy& policy, const Principal& principal) {
    if (policy.scope && principal.has(*policy.scope)) return {};
    if (principal.kind == PrincipalKind::Customer)
        return lacks_right("this is for the seller, not for customers");
    const auto scope = policy.scope ? to_text(*policy.scope) : std::string_view("no");
    return lacks_right("the credential lacks the scope " + std::string(scope));
}

}  // namespace

Result<void> authorize(const Policy& policy, const Principal& principal) {
    const bool anonymous = principal.kind == PrincipalKind::Anonymous;
    if (policy.who == Who::Public || (anonymous && lets_in_anybody(policy))) return {};
    if (anonymous)
        return fail(ErrorCode::Unauthenticated, "access.unauthenticated",
                    "send a credential: Authorization: Bearer ... or X-API-Key: ...");
    const bool customer = principal.kind == PrincipalKind::Customer;
    switch (policy.who) {
        case Who::Public: return {};
        case Who::Customer:
            if (customer && !principal.customer) return {};
            if (customer) return lacks_right("a customer's key uses what is sold; send the token");
            return lacks_right("this acts for a user: send a user's token");
        case Who::Seller: return authorize_seller(policy, principal);
        case Who::OptionalCredential:
        case Who::CustomerOrSeller:
        case Who::Gateway:
            if (customer) return {};
            return authorize_seller(policy, principal);
        case Who::Admin:
            if (principal.kind == PrincipalKind::Admin) return {};
            return lacks_right("this is for administrators");
        case Who::User:
            if (principal.is_user()) return {};
            return lacks_right("this acts for a user: sign in, or send a user's token");
        case Who::Member:
            if (principal.is_user()) return {};
            if (customer) return lacks_right("a customer's key is no member; sign in");
            return authorize_seller(policy, principal);
    }
    return lacks_right("the route has no rule for this caller");
}

}  // namespace turnpike
