#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "metering/log/state/usage_state.h"

namespace turnpike {

/// Hears what a check finds, as it goes.
struct CheckListener {
    std::function<void(const std::string& problem)> problem;  ///< with file and place
    std::function<void(const std::string& note)> note;        ///< unusual, and no damage
    std::function<void(std::uint64_t done_bytes, std::uint64_t all_bytes)> progress;
    /// All records of the log, in order, each arrival's together, and what the log says with them;
    /// may be empty.
    std::function<void(std::string_view records, const UsageState& so_far)> records{};
};

/// Reads everything in the directory of a usage log that nobody has open, and changes nothing:
/// every frame and block; that segments join and what they say fits together; that counters hold
/// what open reservations do, and that corrected ones show what their events say; that the snapshot
/// of counters is what the segments before it lead to; that the identities in runs and snapshot are
/// those of the events, no more and no fewer. Takes the memory of the counters twice and of one
/// window of identities.
/// \return what the segments say; nullopt when they could not be read to their end
std::optional<UsageState> verify_usage_log(const std::string& directory,
                                           const CheckListener& listener);

}  // namespace turnpike
