#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "metering/log/segment/sealed_block.h"
#include "metering/log/state/usage_state.h"
#include "metering/usage_event.h"

namespace turnpike {

/// An event's id is its place in the log: 13 characters for the arrival, 13 for the position.
UsageEventId id_at(const LogPlace& place);

struct LoggedEvent {
    LogPlace place;
    UsageEvent event;
    Instant received_at;
    std::string subscription;          ///< of its contract; "": the default plan
    std::vector<MovedCounter> counts;  ///< at least one
    EventStatus status{};
    std::optional<Correction> corrects{};  ///< of a correction: see RecordedEvent
};

struct EventQuery {
    std::optional<std::string> customer;  ///< id
    std::optional<std::string> meter_key;
    /// What its sender calls it; both or none.
    std::optional<std::string> source{}, id{};
    Instant since, until;            ///< arrived in [since, until)
    std::optional<LogPlace> before;  ///< only events that stand before this place
    std::size_t count_max = 0;
};

/// What the numbers in the log mean.
struct LogNames {
    std::function<UsageState::CountedBy(std::uint32_t counter)> counted_by;
    /// In rising order.
    std::function<std::vector<std::uint32_t>(std::string_view customer)> counters_of;
    std::function<std::string(std::uint32_t source)> source;
    std::function<EventStatus(const LogPlace& event)> status_of;
};

/// Says what events of the log mean. Remembers the counters that it has asked about.
class EventNaming {
public:
    /// `names` outlives it.
    explicit EventNaming(const LogNames& names) : names_(names) {}
    /// Without its status.
    LoggedEvent event(const SealedEvent& event);
    LoggedEvent correction(const CorrectionRecord& record);
    const UsageState::CountedBy& counted_by(std::uint32_t counter);
    std::vector<MovedCounter> counts(const EventRecord& event);

private:
    const LogNames& names_;
    std::unordered_map<std::uint32_t, UsageState::CountedBy> counters_;
};

/// The newest events, corrections among them, that match, newest first, of the frames up to
/// `last_sequence`. Segments are read from the newest on. One that is not sealed is read whole; of
/// a sealed one, the blocks that can hold a match by their counters, arrivals and times: those of
/// one customer are few.
/// Errors: Unavailable "usage_log.unreachable", "usage_log.damaged"; those of SealedSegment.
Result<std::vector<LoggedEvent>> scan_newest(const std::string& segments,
                                             std::uint64_t last_sequence, const EventQuery& query,
                                             const LogNames& names);

}  // namespace turnpike
