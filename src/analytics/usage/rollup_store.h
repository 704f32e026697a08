#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analytics/usage/usage_figures.h"
#include "base/time.h"
#include "metering/log/log_follow.h"
#include "sql/sql.h"

namespace turnpike {

/// What usage is counted apart by.
struct RollupKey {
    std::string customer;  ///< id
    std::string meter_key;
    std::string route;  ///< "": no gateway named one
    Instant hour;
    friend auto operator<=>(const RollupKey&, const RollupKey&) = default;
};
using UsageRollups = std::map<RollupKey, UsageFigures>;

/// Adds to the hours, their days, and the sums of all customers.
void add_rollups(sql::Transaction& tx, const UsageRollups& rollups);

/// How much of the usage log is rolled up.
LogMark load_mark(sql::Transaction& tx);
void save_mark(sql::Transaction& tx, const LogMark& mark);

enum class RollupSpan : bool { Hour, Day };
std::string_view to_text(RollupSpan span);  ///< "hour"

/// Rows of one meter.
struct RollupQuery {
    std::string customer;  ///< "": the sum of all
    std::string meter_key;
    std::optional<std::string> route;  ///< absent: all of them
    Period period;                     ///< spans that begin in it
};
/// One for each span and route with usage, by span.
std::vector<UsageSpan> load_spans(sql::Transaction& tx, const RollupQuery& query, RollupSpan span);

/// What was used in all of those spans.
UsageSum load_sum(sql::Transaction& tx, const RollupQuery& query, RollupSpan span);

struct UsagePeak {
    Instant start;
    UsageSum quantity;
};
/// The span with the most, the earliest of several; nullopt without usage.
std::optional<UsagePeak> load_peak(sql::Transaction& tx, const RollupQuery& query, RollupSpan span);

struct CustomerUsage {
    std::string customer, external_id;
    std::int64_t events = 0;
    UsageSum quantity;
};
/// Most first, then by id; customers without usage are left out.
/// \param days  begins and ends with a day
std::vector<CustomerUsage> load_top(sql::Transaction& tx, const std::string& meter_key,
                                    const Period& days, std::int64_t limit);

}  // namespace turnpike
