#pragma once

#include <memory>

#include "sql/database.h"

namespace turnpike::sql {

/// \param config  url "postgres://..." or "postgresql://...", as libpq reads it
///
/// Errors: InvalidArgument "database.bad_url"; Unavailable "database.unreachable".
Result<std::unique_ptr<Database>> open_postgres(const DatabaseConfig& config);

}  // namespace turnpike::sql
