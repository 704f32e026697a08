#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "metering/service.h"
#include "sql/sql.h"

namespace turnpike {

/// What one transaction recorded of one customer, meter, source and properties, in one hour of the
/// events' own times; below zero where it corrected them. For figures that are kept behind the
/// events.
struct UsageDelta {
    std::string customer, meter_key, source;
    std::string properties;  ///< as UsageEvent has them
    Instant hour;
    std::int64_t events = 0;
    /// The sum: whole units, and millionths of one.
    std::int64_t units = 0, millionths = 0;
    std::vector<std::int64_t> latencies_us;  ///< of the events that say one
    /// Those of the customer and meter that the events moved.
    struct Window {
        Contract contract;
        Reset reset;
        Instant start;
        friend auto operator<=>(const Window&, const Window&) = default;
    };
    std::vector<Window> windows;
};

/// Writes down what of `events` was accepted, in the transaction that records it.
/// \param outcomes  one per event
void save_deltas(sql::Transaction& tx, std::span<const PendingUsage> events,
                 std::span<const UsageOutcome> outcomes, Instant received_at, IdSource& ids);

/// The same of a correction; `delta` has no latencies.
void save_delta(sql::Transaction& tx, const UsageDelta& delta, Instant received_at, IdSource& ids);

/// Takes deltas away, `most` at most. Whoever commits this has counted them, and nobody else does:
/// each is taken once, in whatever order their transactions became visible.
std::vector<UsageDelta> take_deltas(sql::Transaction& tx, std::size_t most);

/// The counters that deltas were recorded with, each once, as they stand now: with at least what
/// the deltas say.
std::vector<CustomerCounter> load_moved_counters(sql::Transaction& tx,
                                                 std::span<const UsageDelta> deltas);

}  // namespace turnpike
