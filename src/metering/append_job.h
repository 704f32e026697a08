#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "metering/service.h"
#include "sql/sql.h"

namespace turnpike {

/// Those of the job's subjects that memory knows.
struct KnownWindows {
    SubjectWindows windows;
    bool are_all = false;
};
KnownWindows known_windows(const AppendJob& job);
/// Looks the job's other subjects up, each once.
void find_windows(const AppendJob& job, sql::Transaction& tx, SubjectWindows& windows);
/// Looks up what placing has sought, each window once.
void find_past_windows(const AppendJob& job, sql::Transaction& tx,
                       std::span<const SubjectWindows::Sought> sought, SubjectWindows& windows);

/// The events of a job that were placed, and where they stand in it.
struct PlacedEvents {
    std::vector<PendingUsage> pending;
    std::vector<std::size_t> positions;
};
/// What could not be placed is rejected in `report`, which becomes as long as the job.
PlacedEvents take_placed(std::vector<Placed> placed, AppendReport& report);

/// The same events in order, in stretches of nothing but events or nothing but corrections.
std::vector<PlacedEvents> stretches_of(PlacedEvents events);

/// The outcomes of `events` to their places in `report`, and who moved or was corrected.
void take_outcomes(std::vector<UsageOutcome> outcomes, const PlacedEvents& events,
                   AppendReport& report);

UsageOutcome over_limit(const FullWindow& full);

}  // namespace turnpike
