#include "invoicing/visible.h"

#include "customers/service.h"

namespace turnpike {

Result<std::optional<CustomerId>> invoices_visible_to(sql::Transaction& tx,
                                                      const Principal& caller) {
    if (caller.kind != PrincipalKind::Customer) return std::optional<CustomerId>();
    if (caller.customer) return caller.customer;
    const auto customer = find_customer(tx, "ext:" + caller.external_id);
    if (!customer) return failure(customer);
    return std::optional(customer->id);
}

}  // namespace turnpike
