#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "metering/log/event_scan.h"
#include "metering/log/state/usage_state.h"

namespace turnpike {

/// An event by the name that it has for ever, and whose it must be.
struct CustomerEventName {
    std::string_view customer;  ///< id
    std::string_view source, id;
};

/// Finds events in the frames up to `last_sequence`. Segments are read from the newest on, as
/// scan_newest() does, until all are found.
/// \return one for each name; nullopt: the customer has no such event, or it is a correction
/// Errors: those of scan_newest().
Result<std::vector<std::optional<FoundEvent>>> find_events(
    const std::string& segments, std::uint64_t last_sequence,
    std::span<const CustomerEventName> wanted, const LogNames& names);

}  // namespace turnpike
