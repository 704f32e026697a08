#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "metering/counter.h"
#include "metering/service.h"
#include "sql/sql.h"

namespace turnpike {

/// What names a counter. Holds references.
struct CounterKey {
    const CustomerId& customer;
    const Contract& contract;
    const std::string& meter_key;
    Reset reset;
    Instant window_start;
};

/// Refers to both.
CounterKey key_of(const CustomerId& customer, const Counter& counter);

/// A counter, and how many entries its history has.
struct CountedHistory {
    Counter counter;
    std::int64_t entries = 0;
};
/// nullopt while nothing was used in that window.
std::optional<CountedHistory> load_counted(sql::Transaction& tx, const CounterKey& key);
std::optional<Counter> load_counter(sql::Transaction& tx, const CounterKey& key);

/// Writes what `now` has and `before`, which is stored, has not; nullptr: nothing is stored.
/// \param now  with all entries, of which the caller writes those that are new
///
/// Of two transactions that change one counter, both after they read it, PostgreSQL runs one again;
/// SQLite has one writer.
void save_counter(sql::Transaction& tx, const CustomerId& customer, const Counter* before,
                  const CountedHistory& now);

/// Whether a counter of different values has seen this one.
bool has_unique_value(sql::Transaction& tx, const CounterKey& key, std::uint64_t value);
/// One that it has not seen; save_counter() says the same of how many there are.
void add_unique_value(sql::Transaction& tx, const CounterKey& key, std::uint64_t value);

/// One that no event has any more.
void remove_unique_value(sql::Transaction& tx, const CounterKey& key, std::uint64_t value);

/// By period, then meter.
std::vector<Counter> load_counters(sql::Transaction& tx, const PeriodQuery& query);
/// By meter, then reset: those of the billing period that began at `period_start`, and the other
/// windows that hold `now`.
std::vector<Counter> load_running_counters(sql::Transaction& tx, const CustomerId& customer,
                                           const Contract& contract, Instant period_start,
                                           Instant now);

}  // namespace turnpike
