#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "metering/log/event_scan.h"
#include "metering/log/segment/sealed_block.h"
#include "metering/log/state/counter_tally.h"

namespace turnpike {

/// Finds the job's events among those that it is shown, in any order.
class EventRecount {
public:
    using StatusOf = std::function<EventStatus(const LogPlace& event)>;
    /// `job` outlives it.
    EventRecount(const RecountJob& job, StatusOf status_of);
    void show(const SealedEvent& event);
    /// One for each of the job's counters.
    std::vector<CounterTally> take() { return std::move(tallies_); }

private:
    const RecountJob& job_;
    StatusOf status_of_;
    std::vector<CounterTally> tallies_;
};

/// Does the job from the frames up to `last_sequence`, on the calling thread. Reads segments from
/// the newest on until where the counters begin: of sealed ones, the blocks of the customer's
/// counters.
/// Errors: those of scan_newest().
Result<std::vector<CounterTally>> recount_events(const std::string& segments,
                                                 std::uint64_t last_sequence, const RecountJob& job,
                                                 const LogNames& names);

}  // namespace turnpike
