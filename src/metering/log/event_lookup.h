#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "metering/log/event_scan.h"

namespace turnpike {

/// The event at this place, of the frames up to `last_sequence`; nullopt: there is none. Of a few
/// segments it reads where their events begin, and of one the events: of a sealed one, the blocks
/// whose arrivals hold the place.
/// Errors: as scan_newest.
Result<std::optional<LoggedEvent>> find_event(const std::string& segments,
                                              std::uint64_t last_sequence, const LogPlace& place,
                                              const LogNames& names);

}  // namespace turnpike
