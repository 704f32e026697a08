#pragma once

#include <optional>

#include "analytics/usage/rollup_check.h"
#include "app/ledger/charge_check.h"
#include "metering/log/state/usage_state.h"
#include "sql/database.h"

namespace turnpike {

/// What the ledger's charges and rollups are held against.
struct LoggedUsage {
    const UsageState& state;  ///< all of the log
    RollupCheck& rollups;     ///< that has seen the same
};

/// What is wrong in an SQLite ledger: its pages and indexes, references that lead nowhere, counters
/// of its own that are not the sum of their events, or hold something else than their open
/// reservations (those of before the usage log), charges (check_charges), and rollups; without
/// `usage`, the last two are not looked at. Throws sql::Failure.
ChargeFindings check_ledger(sql::Database& ledger, const std::optional<LoggedUsage>& usage);

}  // namespace turnpike
