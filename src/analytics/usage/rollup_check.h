#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/usage/log_tally.h"
#include "analytics/usage/usage_sum.h"
#include "metering/log/state/usage_state.h"
#include "sql/database.h"

namespace turnpike {

/// Holds the rollups of usage, by hour and day, of each customer and of all, against the events and
/// corrections of the usage log that they were made of. Latencies and groups are not looked at.
///
/// One pass over the log; in memory are four numbers for each customer and meter: the totals, and a
/// weighted sum, in which each hour and route has a weight of its own. Rows that differ anywhere
/// have another one, but for one case in 2^64.
class RollupCheck {
public:
    /// Of what is rolled up now. Throws sql::Failure.
    explicit RollupCheck(sql::Database& ledger);
    RollupCheck(const RollupCheck&) = delete;
    RollupCheck& operator=(const RollupCheck&) = delete;

    /// All records of the log, in order, as CheckListener shows them.
    void count(std::string_view records, const UsageState& so_far);
    /// \param usage  all that the log says
    /// \return what is wrong, at most kProblemsMax and how many more
    std::vector<std::string> compare(sql::Transaction& tx, const UsageState& usage);
    static constexpr std::size_t kProblemsMax = 20;

    /// Of one customer, or of all, and one meter.
    struct Sums {
        std::int64_t events = 0;
        UsageSum quantity;
        std::uint64_t weighted = 0;  ///< modulo 2^64
        void add(const Sums& other);
        friend bool operator==(const Sums&, const Sums&) = default;
    };

private:
    using Owner = std::pair<std::string, std::string>;  ///< customer, or ""; and meter
    struct Spans {
        Sums hours, days;
    };
    void fold();

    const std::uint64_t last_arrival_;
    const UsageState* state_ = nullptr;  ///< whose numbers the tally's are
    std::map<Owner, Spans> expected_;
    LogTally tally_{names()};
    LogNames names() const;
};

}  // namespace turnpike
