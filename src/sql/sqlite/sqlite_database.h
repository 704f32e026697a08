#pragma once

#include <memory>

#include "sql/database.h"

namespace turnpike::sql {

/// \param config  url "sqlite:PATH" or "sqlite::memory:"
///
/// A file is locked (PATH.lock) for as long as the Database lives, so that two processes never
/// write one ledger. In memory, reads share the writer's connection and thread.
///
/// Errors: InvalidArgument "database.bad_url"; Conflict "database.in_use"; Unavailable
/// "database.unreachable".
Result<std::unique_ptr<Database>> open_sqlite(const DatabaseConfig& config);

}  // namespace turnpike::sql
