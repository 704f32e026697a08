#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "metering/counter.h"
#include "sql/sql.h"

namespace turnpike {

/// nullopt while nothing was used in the contract's period that begins at `period_start`.
std::optional<Counter> load_counter(sql::Transaction& tx, const CustomerId& customer,
                                    const Contract& contract, const std::string& meter_key,
                                    Instant period_start);

/// Of all periods that began in [from, before), by period, then meter.
struct CounterRange {
    const CustomerId& customer;
    const Contract& contract;
    Instant from, before;
};
std::vector<Counter> load_counters(sql::Transaction& tx, const CounterRange& range);

/// Usage that is being added to these counters by transactions that began earlier runs again when
/// this one commits, and sees what has changed since (PostgreSQL; SQLite has one writer).
void fence_counters(sql::Transaction& tx, const CounterRange& range);

}  // namespace turnpike
