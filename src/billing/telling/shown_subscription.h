#pragma once

#include "base/error.h"
#include "base/time.h"
#include "sql/sql.h"
#include "subscriptions/wire.h"

namespace turnpike {

/// With what write_subscription() needs to know of the catalog and of the customer's clock.
/// Errors: those of load_plan_version and load_price.
Result<ShownSubscription> show_subscription(sql::Transaction& tx, Subscription subscription,
                                            Instant system_now);

}  // namespace turnpike
