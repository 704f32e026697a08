#pragma once

#include <map>
#include <optional>
#include <string>

#include "analytics/usage/usage_alert.h"
#include "analytics/usage/usage_groups.h"
#include "analytics/usage/usage_query.h"
#include "analytics/usage/usage_series.h"
#include "base/time.h"
#include "entitlements/standing.h"
#include "json/json.h"
#include "metering/counter.h"

namespace turnpike {

/// Whose figures, and how far usage is in them.
struct UsageScope {
    std::optional<std::string> customer;  ///< id; absent: all of them
    std::optional<Instant> as_of;         ///< absent: not known yet
};

// Quantities are decimal texts, latencies decimal texts in milliseconds, percentages decimal texts.
Json write_series(const UsageQuestion& question, const UsageScope& scope,
                  const UsageSeries& series);
Json write_ranking(const UsageQuestion& question, const UsageScope& scope,
                   const UsageRanking& ranking);
Json write_grouping(const UsageQuestion& question, const UsageScope& scope,
                    const UsageGrouping& grouping);
Json write_routes(const UsageQuestion& question, const UsageScope& scope,
                  const std::map<std::string, RequestFigures>& routes);
/// As the event that it is; money in major currency units.
Json write_alert(const UsageAlert& alert);
/// \param now  the customer's: customer_now()
Json write_forecast(const Standing& standing, Instant now, const std::string& meter_key,
                    const Usage& usage);

}  // namespace turnpike
