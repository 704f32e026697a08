#pragma once

#include <cstddef>
#include <vector>

#include "metering/service.h"
#include "sql/sql.h"

namespace turnpike {

/// Each of the job's subjects, looked up once.
SubjectWindows find_windows(const AppendJob& job, sql::Transaction& tx);

/// The events of a job that were placed, and where they stand in it.
struct PlacedEvents {
    std::vector<PendingUsage> pending;
    std::vector<std::size_t> positions;
};
/// What could not be placed is rejected in `report`, which becomes as long as the job.
PlacedEvents take_placed(std::vector<Placed> placed, AppendReport& report);
/// The same for events that are placed again: only those at `positions` are looked at.
PlacedEvents take_placed(std::vector<Placed> placed, const std::vector<std::size_t>& positions,
                         AppendReport& report);

/// The outcomes of `events` to their places in `report`, and who moved.
void take_outcomes(std::vector<UsageOutcome> outcomes, const PlacedEvents& events,
                   AppendReport& report);

UsageOutcome over_limit();

}  // namespace turnpike
