#pragma once

#include "base/error.h"
#include "import/attribution_shape.h"
#include "sql/foreign.h"

namespace turnpike {

/// Reads the tables of a database of the attribution shape, in one moment of it: `subscriptions`,
/// `usage_meters` (or `usage`, `usage_counters`), and `customers`. Every column is read as text.
///
/// Errors: InvalidArgument "import.wrong_shape"; Unavailable "database.unreachable" when it cannot
///         be read to its end.
Result<AttributionTables> read_attribution_tables(sql::ForeignDatabase& database);

}  // namespace turnpike
