#pragma once

#include <optional>

#include "app/charge_check.h"
#include "metering/log/usage_state.h"
#include "sql/database.h"

namespace turnpike {

/// What is wrong in an SQLite ledger: its pages and indexes, references that lead nowhere, counters
/// of its own that are not the sum of their events (those of before the usage log), and charges
/// (check_charges); without `usage`, the last are not looked at. Throws sql::Failure.
ChargeFindings check_ledger(sql::Database& ledger, const std::optional<UsageState>& usage);

}  // namespace turnpike
