#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analytics/usage/latency_histogram.h"
#include "analytics/usage/usage_sum.h"
#include "base/time.h"

namespace turnpike {

/// What happened in some span of time.
struct UsageFigures {
    std::int64_t events = 0;
    UsageSum quantity;
    LatencyHistogram latency;  ///< of the events that say one

    void add(const UsageFigures& other);
    friend bool operator==(const UsageFigures&, const UsageFigures&) = default;
};

/// The figures of one hour or one day, as they are kept.
struct UsageSpan {
    Instant start;
    UsageFigures figures;
};

/// Sums spans, which come in any order, into the buckets that they begin in; a bucket without one
/// is zero. A span that begins in none is left out.
/// \param buckets  in order, none over another
std::vector<UsageFigures> sum_into(std::span<const Period> buckets,
                                   std::span<const UsageSpan> spans);

/// (now - before) / before in hundredths of a percent, ties to even: "25", "-33.33". nullopt when
/// there was nothing before.
std::optional<std::string> change_percentage(UsageSum now, UsageSum before);
/// part / whole in hundredths of a percent, ties to even; nullopt of nothing.
std::optional<std::string> share_percentage(UsageSum part, UsageSum whole);

/// What a period will have used by its end if it goes on as it went so far: used * length /
/// elapsed, rounded once, half up. nullopt before anything of the period has passed.
std::optional<UsageSum> linear_forecast(Quantity used, const Period& period, Instant now);

}  // namespace turnpike
