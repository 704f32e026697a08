#include "invoicing/visible.h"

#include "customers/customer.h"
#include "customers/service.h"

namespace turnpike {

Result<std::optional<CustomerId>> invoices_visible_to(sql::Transaction& tx,
                                                      const Principal& caller) {
    if (caller.kind != PrincipalKind::Customer) return std::optional<CustomerId>();
    if (caller.customer) return caller.customer;
    // A subject is nobody's qualified name: "learning-app~alice" is not alice there.
    if (const auto bare = check_external_id(caller.external_id); !bare)
        return not_found("customer.not_found", "there is no such customer");
    const auto customer = find_customer(tx, "ext:" + caller.external_id);
    if (!customer) return failure(customer);
    return std::optional(customer->id);
}

}  // namespace turnpike
