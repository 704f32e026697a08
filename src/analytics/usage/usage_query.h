#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analytics/usage/usage_calendar.h"
#include "base/error.h"
#include "http/message.h"

namespace turnpike {

/// What of usage is asked for: whole buckets, from the first that the question touches to the last.
struct UsageQuestion {
    std::string meter_key;
    std::optional<std::string> route;  ///< as the catalog names it: "* /signals/{symbol}"
    Granularity granularity = Granularity::Day;
    std::vector<Period> buckets;    ///< in order; at least one
    std::int64_t limit = 0;         ///< of a ranking, or of groups
    std::vector<std::string> by{};  ///< of groups: properties; empty: all of the meter's

    [[nodiscard]] Period period() const { return {buckets.front().start, buckets.back().end}; }
};

/// Buckets of a question that does not say from when.
inline constexpr int kBucketsDefault = 30;

/// ?meter=&customer=&route=&granularity=hour|day|week|month&from=&to=, the last two RFC 3339; a
/// day, up to now, and kBucketsDefault buckets where they are absent.
///
/// Errors: InvalidArgument "request.invalid_query", "usage_figures.bad_query" with fields,
///         "usage_figures.too_many_buckets".
Result<UsageQuestion> read_series_question(const http::Request& request, Instant now);

/// ?meter=&from=&to=&limit=1..100; days, as above.
Result<UsageQuestion> read_top_question(const http::Request& request, Instant now);

/// ?meter=&customer=&by=&from=&to=&limit=1..100; days, as above; `by` is names of properties with
/// commas between them.
Result<UsageQuestion> read_groups_question(const http::Request& request, Instant now);

/// ?customer=&from=&to=&granularity=: requests by route.
Result<UsageQuestion> read_routes_question(const http::Request& request, Instant now);

/// ?customer=&meter=
/// \return the meter
Result<std::string> read_forecast_question(const http::Request& request);

}  // namespace turnpike
