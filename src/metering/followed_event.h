#pragma once

#include <optional>
#include <vector>

#include "json/json.h"
#include "metering/period_billing.h"
#include "metering/service.h"
#include "sql/sql.h"

namespace turnpike {

/// Of one count; absent where nothing is charged for it: under the default plan, and in windows
/// that are no billing period.
using CountBilling = std::optional<PeriodBilling>;

/// For each of the event's counts.
std::vector<CountBilling> find_billing(sql::Transaction& tx, const FollowedEvent& followed,
                                       const FindPeriodBilling& find);

/// The event as listings show it and, with each of its counts, the counter as of `now`, the
/// customer's, and what was charged for its period.
/// \param billing  one for each count; nullptr: for callers who may not read it
Json write_followed_event(const FollowedEvent& followed, Instant now,
                          const std::vector<CountBilling>* billing);

}  // namespace turnpike
