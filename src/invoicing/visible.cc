#include "invoicing/visible.h"

#include <algorithm>

#include "customers/customer.h"
#include "customers/store.h"

namespace turnpike {

Result<VisibleCustomers> invoices_visible_to(sql::Transaction& tx, const Principal& caller) {
    if (caller.kind != PrincipalKind::Customer) return VisibleCustomers();
    if (caller.customer) return VisibleCustomers(std::vector{*caller.customer});
    const auto nobody = not_found("customer.not_found", "there is no such customer");
    // A subject is nobody's qualified name: "learning-app~alice" is not alice there.
    if (const auto bare = check_external_id(caller.external_id); !bare) return nobody;
    auto own = customers_of_subject(tx, caller.external_id);
    if (own.empty()) return nobody;
    return VisibleCustomers(std::move(own));
}

bool is_visible(const CustomerId& customer, const VisibleCustomers& visible) {
    return !visible || std::ranges::find(*visible, customer) != visible->end();
}

}  // namespace turnpike
