#include "entitlements/caller.h"

#include "catalog/qualified_name.h"
#include "customers/service.h"

namespace turnpike {
namespace {

constexpr std::string_view kExternal = "ext:";

std::string_view without_prefix(std::string_view ref) {
    return ref.starts_with(kExternal) ? ref.substr(kExternal.size()) : ref;
}

}  // namespace

Result<std::string> customer_meant(const Principal& caller,
                                   const std::optional<std::string>& named) {
    if (caller.kind == PrincipalKind::Customer) {
        if (caller.customer) return caller.customer->text();
        // No subject may say of itself which catalog it is of.
        if (const auto good = check_external_id(caller.external_id); !good) return failure(good);
        const auto name = named ? QualifiedName::parse(without_prefix(*named)) : std::nullopt;
        const bool himself = name && name->key == caller.external_id;
        return std::string(kExternal) + (himself ? name->text() : caller.external_id);
    }
    if (named) return *named;
    Error error{ErrorCode::InvalidArgument, "entitlement.customer_required",
                "this credential is not a customer's, so the request must name one"};
    error.fields.push_back({"/customer", "required", "is missing"});
    return std::unexpected(std::move(error));
}

Result<void> refuse_others(const Principal& caller, const std::optional<std::string>& named,
                           const Standing& standing) {
    if (caller.kind != PrincipalKind::Customer || !named) return {};
    const bool himself = *named == standing.customer.text() || *named == standing.external_id ||
                         *named == "ext:" + standing.external_id;
    if (himself) return {};
    return not_found("entitlement.other_customer", "there is no such customer");
}

bool may_be_new(const Principal& caller) {
    return caller.kind == PrincipalKind::Customer && !caller.customer;
}

Result<void> welcome(sql::Transaction& tx, const Principal& caller, std::string_view ref,
                     Instant now, IdSource& ids) {
    if (!may_be_new(caller)) return {};
    const auto name = QualifiedName::parse(without_prefix(ref));
    const std::string catalog = name ? name->catalog : "";
    const auto customer = customer_of(tx, caller, now, ids, catalog);
    if (!customer) return failure(customer);
    return {};
}

}  // namespace turnpike
