#pragma once

#include <cstddef>

#include "sql/sql.h"
#include "subscriptions/billing_period.h"

namespace turnpike {

/// The default plan's periods, from the customer's creation.
inline constexpr BillingInterval kDefaultPlanInterval{BillingInterval::Unit::Month, 1};

/// Of a price: its `interval` in `column`, and its `interval_count` in the next one.
BillingInterval interval_from(const sql::Row& row, std::size_t column);

}  // namespace turnpike
