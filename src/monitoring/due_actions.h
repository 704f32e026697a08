#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sql/sql.h"

namespace turnpike {

/// How late the oldest action of one kind is; 0: none is due.
struct ActionLag {
    std::string_view action;  ///< "period_close"; a name that outlives everything
    std::int64_t seconds = 0;
    /// The id of what is due the longest: a subscription, or the thing itself where it is of none;
    /// "" where it is about nothing in the ledger, and where nothing is due.
    std::string object{};
};

/// Without a mail server letters wait for nothing, and are given up in time.
enum class Letters : bool { NotSent, Sent };

/// Every action that the ledger says is due, in a fixed order, each with its lag at `now`. What
/// waits for its next try, for somebody else's endpoint, or for a provider that still has time for
/// it is not due. Customers on test clocks live at another time, and are not looked at.
std::vector<ActionLag> load_action_lags(sql::Transaction& tx, Letters letters, Instant now);

/// A provider renews, and tells, within this long.
inline constexpr std::chrono::hours kProviderTakes{1};

}  // namespace turnpike
