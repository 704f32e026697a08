#pragma once

#include <optional>

#include "access/principal.h"
#include "base/error.h"
#include "base/id.h"
#include "sql/sql.h"

namespace turnpike {

/// Whose invoices the caller may see: a customer his own; nullopt: sellers, everybody's.
/// Errors: NotFound "customer.not_found" for a user who is no customer yet.
Result<std::optional<CustomerId>> invoices_visible_to(sql::Transaction& tx,
                                                      const Principal& caller);

}  // namespace turnpike
