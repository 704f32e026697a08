#pragma once

#include <cstdint>
#include <vector>

#include "metering/counter_history.h"
#include "sql/sql.h"

namespace turnpike {

inline constexpr std::uint64_t kEntriesPerPage = 1000;

/// Entries behind number `after`, up to `last`, of the query's counter.
struct EntryPage {
    const HistoryQuery& query;
    std::uint64_t after = 0, last = 0;
};
/// In their order.
std::vector<CounterEntry> load_entries(sql::Transaction& tx, const EntryPage& page);

}  // namespace turnpike
