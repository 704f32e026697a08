#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "access/cursor.h"
#include "sql/sql.h"
#include "subscriptions/subscription_event.h"

namespace turnpike {

/// Appends one event, in the transaction that made the change. Its `at` is moved up to that of the
/// event before, where a slow answer tells of something earlier.
void append_event(sql::Transaction& tx, SubscriptionEvent event);

/// Actor of what an import writes (docs/import.md).
inline constexpr std::string_view kImporter = "operator:import";
/// When an import took the subscription over; of all of the customer's, the last, when none is
/// named. nullopt: none did.
std::optional<Instant> taken_over_at(sql::Transaction& tx, const CustomerId& customer,
                                     const std::optional<SubscriptionId>& subscription);

/// Newest first; page.fetch() at most.
std::vector<SubscriptionEvent> list_events(sql::Transaction& tx, const SubscriptionId& subscription,
                                           const PageQuery& page);

}  // namespace turnpike
