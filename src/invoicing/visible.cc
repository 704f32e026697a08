#include "invoicing/visible.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "customers/customer.h"
#include "customers/service.h"
#include "people/organizations.h"

namespace turnpike {

Result<VisibleCustomers> invoices_visible_to(sql::Transaction& tx, const Principal& caller) {
    if (caller.kind != PrincipalKind::Customer) return VisibleCustomers();
    if (caller.customer) return VisibleCustomers(std::vector{*caller.customer});
    auto visible = customers_administered_by(tx, caller);
    if (!visible) return failure(visible);
    // A subject is nobody's qualified name: "learning-app~alice" is not alice there.
    if (check_external_id(caller.external_id))
        std::ranges::move(customers_of_subject(tx, caller.external_id),
                          std::back_inserter(*visible));
    if (visible->empty()) return no_such_customer();
    return VisibleCustomers(*std::move(visible));
}

Result<std::optional<VisibleCustomers>> customers_to_list(sql::Transaction& tx,
                                                          const Principal& caller,
                                                          const std::string* named) {
    const auto own = invoices_visible_to(tx, caller);
    if (!own && named == nullptr) return std::optional<VisibleCustomers>();
    if (!own) return failure(own);
    if (named == nullptr) return std::optional(*own);
    const auto customer = find_customer(tx, *named);
    if (!customer) return failure(customer);
    if (!is_visible(customer->id, *own)) return no_such_customer();
    return std::optional(VisibleCustomers(std::vector{customer->id}));
}

std::string and_of_customers(const VisibleCustomers& customers,
                             std::vector<sql::Value>& parameters) {
    if (!customers) return "";
    std::string places;
    for (const auto& customer : *customers) {
        parameters.emplace_back(customer);
        places += fmt::format("{}${}", places.empty() ? "" : ", ", parameters.size());
    }
    return fmt::format(" AND customer_id IN ({})", places);
}

bool is_visible(const CustomerId& customer, const VisibleCustomers& visible) {
    return !visible || std::ranges::find(*visible, customer) != visible->end();
}

}  // namespace turnpike
