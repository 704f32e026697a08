#pragma once

#include <vector>

#include "access/cursor.h"
#include "sql/sql.h"
#include "subscriptions/subscription_event.h"

namespace turnpike {

/// Appends one event, in the transaction that made the change. Its `at` is moved up to that of the
/// event before, where a slow answer tells of something earlier.
void append_event(sql::Transaction& tx, SubscriptionEvent event);

/// Newest first; page.fetch() at most.
std::vector<SubscriptionEvent> list_events(sql::Transaction& tx, const SubscriptionId& subscription,
                                           const PageQuery& page);

}  // namespace turnpike
