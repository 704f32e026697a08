#include "analytics/usage/usage_series.h"

#include <map>
#include <span>

#include "analytics/usage/usage_meter.h"

namespace turnpike {
namespace {

RollupSpan span_of(Granularity granularity) {
    return granularity == Granularity::Hour ? RollupSpan::Hour : RollupSpan::Day;
}

/// The day with the most of these hours, the earliest of several.
std::optional<UsagePeak> peak_of_days(std::span<const UsageSpan> hours) {
    std::map<Instant, UsageSum> days;
    for (const UsageSpan& hour : hours) {
        UsageSum& day = days[bucket_at(hour.start, Granularity::Day).start];
        day = day + hour.figures.quantity;
    }
    std::optional<UsagePeak> peak;
    for (const auto& [start, quantity] : days)
        if (!peak || peak->quantity < quantity) peak = {start, quantity};
    return peak;
}

template <class Figures>
Figures total_of(const std::vector<Figures>& parts) {
    Figures total;
    for (const auto& part : parts) total.add(part);
    return total;
}

}  // namespace

Result<UsageSeries> load_usage_series(sql::Transaction& tx, const UsageQuestion& question,
                                      const std::string& customer) {
    const auto meter = load_summed_meter(tx, question.meter_key);
    if (!meter) return failure(meter);
    const RollupSpan span = span_of(question.granularity);
    RollupQuery query{customer, question.meter_key, question.route, question.period()};

    UsageSeries series;
    const auto spans = load_spans(tx, query, span);
    series.buckets = sum_into(question.buckets, spans);
    series.total = total_of(series.buckets);
    series.peak_hour = load_peak(tx, query, RollupSpan::Hour);
    series.peak_day =
        span == RollupSpan::Hour ? peak_of_days(spans) : load_peak(tx, query, RollupSpan::Day);

    const Instant start = question.period().start;
    const int count = static_cast<int>(question.buckets.size());
    series.previous_period = {moved_by_buckets(start, question.granularity, -count), start};
    query.period = series.previous_period;
    series.previous = load_sum(tx, query, span);
    if (question.route)
        series.requests =
            sum_into(question.buckets,
                     load_requests(tx, {customer, question.period()}, *question.route, span));
    return series;
}

Result<UsageRanking> load_usage_ranking(sql::Transaction& tx, const UsageQuestion& question) {
    const auto meter = load_summed_meter(tx, question.meter_key);
    if (!meter) return failure(meter);
    const RollupQuery everybody{"", question.meter_key, std::nullopt, question.period()};
    return UsageRanking{load_top(tx, question.meter_key, question.period(), question.limit),
                        load_sum(tx, everybody, RollupSpan::Day)};
}

std::map<std::string, RequestFigures> load_request_routes(sql::Transaction& tx,
                                                          const UsageQuestion& question,
                                                          const std::string& customer) {
    return load_routes(tx, {customer, question.period()}, span_of(question.granularity));
}

}  // namespace turnpike
