#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/principal.h"
#include "base/error.h"
#include "entitlements/standing.h"
#include "sql/sql.h"

namespace turnpike {

/// Who a request is about: a customer means himself whatever name he gives, which may say in which
/// catalog ("learning-app~alice"); anybody else must name somebody.
///
/// \return what load_standing takes: the customer's id, "ext:..", or the name as given
/// Errors: InvalidArgument "entitlement.customer_required"; "customer.invalid_external_id" of a
/// token's subject.
Result<std::string> customer_meant(const Principal& caller,
                                   const std::optional<std::string>& named);

/// NotFound "entitlement.other_customer" when a customer named somebody else, whether that one
/// exists or not.
Result<void> refuse_others(const Principal& caller, const std::optional<std::string>& named,
                           const Standing& standing);

/// A user's token may be seen here for the first time; then he becomes a customer.
///
/// \param ref  as customer_meant() gave it: it says in which catalog
/// Errors: those of customer_of (customers/service.h).
Result<void> welcome(sql::Transaction& tx, const Principal& caller, std::string_view ref,
                     Instant now, IdSource& ids);
/// True for callers that welcome() may have to create.
bool may_be_new(const Principal& caller);

}  // namespace turnpike
