#pragma once

#include <optional>
#include <vector>

#include "access/principal.h"
#include "base/error.h"
#include "base/id.h"
#include "sql/sql.h"

namespace turnpike {

/// Customers whose invoices somebody may see; nullopt: everybody's.
using VisibleCustomers = std::optional<std::vector<CustomerId>>;

/// A customer sees his own, in every catalog that he buys from; sellers see everybody's.
/// Errors: NotFound "customer.not_found" for a user who is no customer yet.
Result<VisibleCustomers> invoices_visible_to(sql::Transaction& tx, const Principal& caller);

bool is_visible(const CustomerId& customer, const VisibleCustomers& visible);

}  // namespace turnpike
