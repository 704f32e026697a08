#pragma once

#include <span>
#include <vector>

#include "base/id.h"
#include "metering/service.h"
#include "sql/sql.h"

namespace turnpike {

/// Records events in the ledger's tables and counts them (see UsageStore::append).
///
/// Exact under concurrency: the counter moves by one conditional UPDATE in the same transaction as
/// the event's row, and a CHECK says the same.
///
/// \return one outcome per event, in order; without counters
std::vector<UsageOutcome> record_usage(sql::Transaction& tx, std::span<const PendingUsage> events,
                                       Instant received_at, IdSource& ids);

}  // namespace turnpike
