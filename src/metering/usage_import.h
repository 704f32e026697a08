#pragma once

#include <memory>

#include "base/error.h"
#include "metering/log/usage_log.h"
#include "sql/database.h"

namespace turnpike {

/// Opens the usage log of a server whose ledger is on SQLite. Where there is none yet, it is made,
/// and takes over the usage that such a ledger kept in its own tables before: every event under its
/// identity, in its order, and with it the counters. That is done beside the log's place, under
/// `directory` + ".importing", which becomes the log when all of it is durable; a crash begins
/// anew. Blocks: about 100,000 events a second. Events have new ids afterwards.
///
/// Errors: those of UsageLog::open; Unavailable "usage_log.import_failed" when an event does not
///         fit its counter, which then is left as it was.
Result<std::unique_ptr<UsageLog>> open_usage_log(const UsageLog::Config& config,
                                                 sql::Database& ledger);

}  // namespace turnpike
