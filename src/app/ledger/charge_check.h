#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "metering/log/state/usage_state.h"
#include "sql/sql.h"

namespace turnpike {

/// How charges for overage stand to the usage that they are for.
struct ChargeFindings {
    std::vector<std::string> problems;
    /// Segments of periods that a later close charges, or gives back, the difference of: of usage
    /// that came late, or was corrected.
    std::size_t to_adjust = 0;
};

/// Looks at every period that was charged, or whose close is done. A charge for more than was used
/// is a problem, unless the counter can fall; for less, only where no close will look at the period
/// again.
ChargeFindings check_charges(sql::Transaction& tx, const UsageState& usage);

}  // namespace turnpike
