#pragma once

#include <optional>
#include <string>
#include <vector>

#include "metering/log/usage_state.h"
#include "sql/database.h"

namespace turnpike {

/// What is wrong in an SQLite ledger: its pages and indexes, references that lead nowhere, counters
/// of its own that are not the sum of their events (those of before the usage log), and charges for
/// usage that `usage` does not have; without it, the last are not looked at. Throws sql::Failure.
std::vector<std::string> ledger_problems(sql::Database& ledger,
                                         const std::optional<UsageState>& usage);

}  // namespace turnpike
