#pragma once

#include <span>
#include <vector>

#include "metering/sql/record.h"

namespace turnpike {

/// Records corrections in the ledger's tables, and takes what they change from the counters and
/// from the deltas (see UsageStore::append). Each sees those before it.
///
/// Exact under concurrency, as record_usage() is: of two transactions that correct one event, or
/// move one counter, PostgreSQL runs one again.
///
/// \return one outcome per correction, in order
std::vector<UsageOutcome> correct_usage(const RecordJob& job,
                                        std::span<const PendingUsage> corrections);

}  // namespace turnpike
