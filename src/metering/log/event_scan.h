#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "metering/log/usage_state.h"
#include "metering/usage_event.h"

namespace turnpike {

/// Where an event stands in the log, for ever: the order of arrival.
struct LogPlace {
    std::uint64_t arrival = 0;   ///< its request's number
    std::uint64_t position = 0;  ///< among the events that this request recorded, from 0
    friend auto operator<=>(const LogPlace&, const LogPlace&) = default;
};

struct LoggedEvent {
    LogPlace place;
    UsageEvent event;
    Instant received_at;
    Instant period_start;
};

struct EventQuery {
    std::optional<std::string> customer;  ///< id
    std::optional<std::string> meter_key;
    Instant since, until;            ///< arrived in [since, until)
    std::optional<LogPlace> before;  ///< only events that stand before this place
    std::size_t count_max = 0;
};

/// What the numbers in the log mean.
struct LogNames {
    std::function<UsageState::CountedBy(std::uint32_t counter)> counted_by;
    std::function<std::string(std::uint32_t source)> source;
};

/// The newest events that match, newest first, of the frames up to `last_sequence`. Segments are
/// read from the newest on, each from its beginning.
/// Errors: Unavailable "usage_log.unreachable", "usage_log.damaged".
Result<std::vector<LoggedEvent>> scan_newest(const std::string& segments,
                                             std::uint64_t last_sequence, const EventQuery& query,
                                             const LogNames& names);

}  // namespace turnpike
