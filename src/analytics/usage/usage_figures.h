#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analytics/usage/latency_histogram.h"
#include "analytics/usage/usage_sum.h"
#include "base/time.h"

namespace turnpike {

/// What was used in some span of time.
struct UsageFigures {
    std::int64_t events = 0;
    UsageSum quantity;
    LatencyHistogram latency;  ///< of the events that say one

    void add(const UsageFigures& other);
    friend bool operator==(const UsageFigures&, const UsageFigures&) = default;
};

/// What gateways answered in some span of time.
struct RequestFigures {
    std::int64_t requests = 0;
    std::int64_t client_errors = 0;  ///< of these, with a status of 400 to 499
    std::int64_t server_errors = 0;  ///< of 500 and more
    LatencyHistogram latency;

    void add(const RequestFigures& other);
    friend bool operator==(const RequestFigures&, const RequestFigures&) = default;
};

/// The figures of one hour or one day, as they are kept.
template <class Figures>
struct FiguresSpan {
    Instant start;
    Figures figures;
};
using UsageSpan = FiguresSpan<UsageFigures>;
using RequestSpan = FiguresSpan<RequestFigures>;

/// Sums spans, which come in any order, into the buckets that they begin in; a bucket without one
/// is zero. A span that begins in none is left out.
/// \param buckets  in order, none over another
template <class Figures>
std::vector<Figures> sum_into(std::span<const Period> buckets,
                              const std::vector<FiguresSpan<Figures>>& spans) {
    std::vector<Figures> sums(buckets.size());
    for (const auto& span : spans) {
        const auto after = std::ranges::upper_bound(buckets, span.start, {}, &Period::start);
        if (after == buckets.begin() || !contains(*(after - 1), span.start)) continue;
        sums[static_cast<std::size_t>(after - buckets.begin()) - 1].add(span.figures);
    }
    return sums;
}

/// (now - before) / before in hundredths of a percent, ties to even: "25", "-33.33". nullopt when
/// there was nothing before.
std::optional<std::string> change_percentage(UsageSum now, UsageSum before);
/// part / whole in hundredths of a percent, ties to even; nullopt of nothing.
std::optional<std::string> share_percentage(UsageSum part, UsageSum whole);

/// What a period will have used by its end if it goes on as it went so far: used * length /
/// elapsed, rounded once, half up. nullopt before anything of the period has passed.
std::optional<UsageSum> linear_forecast(Quantity used, const Period& period, Instant now);

}  // namespace turnpike
