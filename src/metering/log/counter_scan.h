#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "metering/counter_history.h"
#include "metering/log/event_scan.h"
#include "metering/log/state/usage_state.h"

namespace turnpike {

/// Which entries of a counter's history are shown.
struct EntryRange {
    std::uint64_t after = 0;              ///< the first one has the next number
    std::optional<std::uint64_t> last{};  ///< absent: up to the counter's last arrival
};

/// What is in the log for good.
struct DurableFrames {
    std::string segments;  ///< their folder
    std::uint64_t last_sequence = 0;
};

/// Reads the counter's history from these frames, from the oldest segment on:
/// of sealed ones, the blocks of the customer's counters. Takes the memory of the entries that one
/// segment has.
/// \return the number of the last entry that it met, in the range or before it
/// Errors: those of scan_newest().
Result<std::uint64_t> scan_counter(const DurableFrames& frames, const PlacedCounter& counter,
                                   const EntryRange& range, const LogNames& names,
                                   const SeeEntry& see);

}  // namespace turnpike
