#pragma once

#include <cstdint>
#include <variant>

#include "access/principal.h"
#include "base/error.h"
#include "catalog/catalog.h"

namespace turnpike {

/// What somebody asks for himself is held to the plan's trial_days_max. The seller may give more.
///
/// \param plan  one of the catalog's
/// Errors: Unprocessable "subscription.trial_too_long" for a user who asks for more.
Result<std::monostate> check_own_trial(const Principal& caller, const Catalog& catalog,
                                       const PlanVersionId& plan, std::int64_t days);

}  // namespace turnpike
