#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "sql/database.h"

namespace turnpike::sql {

/// One numbered step of the schema; never edited once released.
struct Migration {
    int number;
    std::string_view name;  ///< "0001_ledger"
    std::string_view sql;   ///< statements separated by ';' at line ends, valid in both engines
};

struct MigrationStatus {
    int number;
    std::string name;
    bool applied;
};

/// Applies what is missing, in order, one transaction each, under a lock, and records a SHA-256 of
/// each text. Safe to run from several processes at once.
///
/// \return the numbers applied now
/// Errors: Conflict "migration.changed" when an applied migration's text differs from ours;
///         Conflict "migration.newer" when the database knows a number that we do not.
Result<std::vector<int>> migrate(Database& database, std::span<const Migration> migrations,
                                 Instant now);
std::vector<MigrationStatus> migration_status(Database& database,
                                              std::span<const Migration> migrations);

}  // namespace turnpike::sql
