#pragma once

#include "json/json.h"
#include "monitoring/watch_list.h"

namespace turnpike {

/// {"object": "expiring_subscription", "subscription": "sub_..", ...}
Json write_expiring(const ExpiringSubscription& expiring);
/// {"object": "failing_subscription", "subscription": "sub_..", ...}
Json write_failing(const FailingSubscription& failing);

}  // namespace turnpike
