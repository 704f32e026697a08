#include "entitlements/caller.h"

#include "customers/service.h"

namespace turnpike {

Result<std::string> customer_meant(const Principal& caller,
                                   const std::optional<std::string>& named) {
    if (caller.kind == PrincipalKind::Customer)
        return caller.customer ? caller.customer->text() : "ext:" + caller.external_id;
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

Result<void> welcome(sql::Transaction& tx, const Principal& caller, Instant now, IdSource& ids) {
    if (!may_be_new(caller)) return {};
    const auto customer = customer_of(tx, caller, now, ids);
    if (!customer) return failure(customer);
    return {};
}

}  // namespace turnpike
