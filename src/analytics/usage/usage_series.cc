#include "analytics/usage/usage_series.h"

#include "analytics/usage/usage_meter.h"

namespace turnpike {
namespace {

RollupSpan span_of(Granularity granularity) {
    return granularity == Granularity::Hour ? RollupSpan::Hour : RollupSpan::Day;
}

/// The days that lie in the period with all of their hours.
Period whole_days(const Period& period) {
    const Instant start = bucket_at(period.start - Duration(1), Granularity::Day).end;
    const Instant end = bucket_at(period.end, Granularity::Day).start;
    return {start, end};
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
    series.buckets = sum_into(question.buckets, load_spans(tx, query, span));
    series.total = total_of(series.buckets);
    series.peak_hour = load_peak(tx, query, RollupSpan::Hour);
    query.period = whole_days(question.period());
    series.peak_day = load_peak(tx, query, RollupSpan::Day);

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
