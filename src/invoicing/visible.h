#pragma once

#include <optional>
#include <string>
#include <vector>

#include "access/principal.h"
#include "base/error.h"
#include "base/id.h"
#include "sql/sql.h"

namespace turnpike {

/// Customers whose invoices somebody may see; nullopt: everybody's.
using VisibleCustomers = std::optional<std::vector<CustomerId>>;

/// A customer sees his own, in every catalog that he buys from, and those of the organizations
/// where he is an admin or owner; sellers see everybody's. Errors: NotFound "customer.not_found"
/// for a user who is no customer yet; Forbidden "people.user_deactivated".
Result<VisibleCustomers> invoices_visible_to(sql::Transaction& tx, const Principal& caller);

/// Whose rows a list shows to the caller: those of `named`, a reference to a customer, or without
/// it of all that he may see. nullopt: he has none yet.
/// Errors: NotFound "customer.not_found".
Result<std::optional<VisibleCustomers>> customers_to_list(sql::Transaction& tx,
                                                          const Principal& caller,
                                                          const std::string* named);
/// A condition on the column customer_id, with its parameters added: " AND customer_id IN ($6)".
std::string and_of_customers(const VisibleCustomers& customers,
                             std::vector<sql::Value>& parameters);

bool is_visible(const CustomerId& customer, const VisibleCustomers& visible);

}  // namespace turnpike
