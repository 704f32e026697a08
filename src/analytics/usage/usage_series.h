#pragma once

#include <optional>
#include <string>
#include <vector>

#include "analytics/usage/request_store.h"
#include "analytics/usage/rollup_store.h"
#include "analytics/usage/usage_query.h"
#include "base/error.h"
#include "sql/sql.h"

namespace turnpike {

/// One meter over time.
struct UsageSeries {
    std::vector<UsageFigures> buckets;  ///< one per bucket of the question
    UsageFigures total;
    /// As many buckets before the first one.
    Period previous_period;
    UsageSum previous;
    /// The hour and the day with the most; nullopt without usage. Of a day of which only some hours
    /// are asked for, these count: today's so far.
    std::optional<UsagePeak> peak_hour, peak_day;
    /// One per bucket, when the question names a route.
    std::optional<std::vector<RequestFigures>> requests;
};

/// \param customer  id; "": the sum of all customers
/// Errors: those of load_summed_meter.
Result<UsageSeries> load_usage_series(sql::Transaction& tx, const UsageQuestion& question,
                                      const std::string& customer);

struct UsageRanking {
    std::vector<CustomerUsage> customers;  ///< most first
    UsageSum total;                        ///< of all, not only of these
};
/// Errors: as above.
Result<UsageRanking> load_usage_ranking(sql::Transaction& tx, const UsageQuestion& question);

/// What a gateway answered, by route.
std::map<std::string, RequestFigures> load_request_routes(sql::Transaction& tx,
                                                          const UsageQuestion& question,
                                                          const std::string& customer);

}  // namespace turnpike
