#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/id.h"
#include "metering/service.h"
#include "metering/sql/counter_book.h"
#include "sql/sql.h"

namespace turnpike {

/// Where and when events are recorded. Holds references.
struct RecordJob {
    sql::Transaction& tx;
    IdSource& ids;
    Instant received_at;
    AppendJob::Counters counters;
};

/// Records events in the ledger's tables and counts them (see UsageStore::append).
///
/// Exact under concurrency: what is read, decided and written is one transaction, and of two that
/// move one counter PostgreSQL runs one again. A CHECK holds the hard limit of what only rises.
///
/// \return one outcome per event, in order
std::vector<UsageOutcome> record_usage(const RecordJob& job, std::span<const PendingUsage> events);

/// What an event says, as its row keeps it.
std::string content_hash(const PendingUsage& pending);
/// The rows of an event that its counters have counted, under a name that is free.
/// \param places  of its counts
void insert_counted(const RecordJob& job, const PendingUsage& pending, const std::string& content,
                    std::vector<CountPlace> places);

}  // namespace turnpike
