#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/time.h"
#include "sql/sql.h"

/// What a twin forgets: what happened longer ago than its provider shows. Time is the real one,
/// whatever a test clock says. Removed a few rows at a time, so that no call waits long.
namespace turnpike::twin {

/// Of events and their deliveries.
inline constexpr auto kRetention = std::chrono::days(30);
/// How many rows one step looks at.
inline constexpr std::int64_t kPruneStep = 200;

/// How far one walk over everything has come: numbers of rows.
struct PruneWalk {
    std::int64_t events = 0, deliveries = 0;
};

/// \param next    (number, time) of the rows after number $1, in order, at most $2
/// \param place   the number that the walk has come to
/// \return the number of the last row of the next step; nullopt: none is from before `before`
std::optional<std::int64_t> next_step_end(sql::Transaction& tx, std::string_view next,
                                          std::int64_t place, Instant before);

/// Deliveries with all that belongs to them; what is still to be sent stays.
///
/// \param belongings  tables whose column `delivery` names one
/// \return whether there may be more
bool prune_deliveries(sql::Transaction& tx, Instant now, PruneWalk& walk,
                      std::span<const std::string_view> belongings);

}  // namespace turnpike::twin
