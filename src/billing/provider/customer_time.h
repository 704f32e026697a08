#pragma once

#include "base/id.h"
#include "base/time.h"
#include "sql/sql.h"

namespace turnpike {

/// What the customer's clock shows when the system's shows `system_now`: a test clock stands still.
Instant customer_time(sql::Transaction& tx, const CustomerId& customer, Instant system_now);

}  // namespace turnpike
