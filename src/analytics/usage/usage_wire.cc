#include "analytics/usage/usage_wire.h"

#include <algorithm>
#include <cstddef>

#include "json/value.h"
#include "json/write.h"

namespace turnpike {
namespace {

constexpr int kMillisecondDigits = 3;

Json write_percentile(const LatencyHistogram& latency, int percent) {
    return format_scaled(latency.percentile(percent)->count(), kMillisecondDigits);
}

Json write_latency(const LatencyHistogram& latency) {
    if (latency.is_empty()) return {};
    return Json{{"count", latency.count()},
                {"p50_ms", write_percentile(latency, 50)},
                {"p90_ms", write_percentile(latency, 90)},
                {"p99_ms", write_percentile(latency, 99)}};
}

void put_figures(Json& json, const UsageFigures& figures) {
    json["events"] = figures.events;
    json["quantity"] = figures.quantity.text();
    json["latency"] = write_latency(figures.latency);
}

Json write_requests(const RequestFigures& figures) {
    return Json{{"count", figures.requests},
                {"client_errors", figures.client_errors},
                {"server_errors", figures.server_errors},
                {"latency", write_latency(figures.latency)}};
}

Json write_peak(const std::optional<UsagePeak>& peak) {
    if (!peak) return {};
    return Json{{"start", format_rfc3339(peak->start)}, {"quantity", peak->quantity.text()}};
}

Json write_trend(const UsageSeries& series) {
    const UsageSum now = series.total.quantity;
    return Json{{"previous_period", write_period(series.previous_period)},
                {"previous_quantity", series.previous.text()},
                {"change", (now - series.previous).text()},
                {"change_percentage", write_optional(change_percentage(now, series.previous))}};
}

/// What every answer from rollups begins with.
Json head(std::string_view object, const UsageQuestion& question, const UsageScope& scope) {
    return Json{{"object", object},
                {"as_of", write_instant(scope.as_of)},
                {"customer", write_optional(scope.customer)},
                {"period", write_period(question.period())},
                {"complete", scope.as_of && question.period().end <= *scope.as_of}};
}

}  // namespace

Json write_series(const UsageQuestion& question, const UsageScope& scope,
                  const UsageSeries& series) {
    Json json = head("usage_series", question, scope);
    json["meter"] = question.meter_key;
    json["route"] = write_optional(question.route);
    json["granularity"] = to_text(question.granularity);
    Json data = Json::array();
    for (std::size_t i = 0; i < question.buckets.size(); ++i) {
        Json bucket = write_period(question.buckets[i]);
        put_figures(bucket, series.buckets[i]);
        if (series.requests) bucket["requests"] = write_requests((*series.requests)[i]);
        data.push_back(std::move(bucket));
    }
    json["data"] = std::move(data);
    put_figures(json["total"], series.total);
    json["peak"] = {{"hour", write_peak(series.peak_hour)}, {"day", write_peak(series.peak_day)}};
    json["trend"] = write_trend(series);
    return json;
}

Json write_ranking(const UsageQuestion& question, const UsageScope& scope,
                   const UsageRanking& ranking) {
    Json json = head("usage_top", question, scope);
    json["meter"] = question.meter_key;
    json["total"] = ranking.total.text();
    Json data = Json::array();
    for (const CustomerUsage& usage : ranking.customers)
        data.push_back(
            {{"customer", usage.customer},
             {"external_id", usage.external_id},
             {"events", usage.events},
             {"quantity", usage.quantity.text()},
             {"percentage", write_optional(share_percentage(usage.quantity, ranking.total))}});
    json["data"] = std::move(data);
    return json;
}

Json write_grouping(const UsageQuestion& question, const UsageScope& scope,
                    const UsageGrouping& grouping) {
    const auto put = [&](Json json, const GroupFigures& figures) {
        json["events"] = figures.events;
        json["quantity"] = figures.quantity.text();
        json["percentage"] =
            write_optional(share_percentage(figures.quantity, grouping.total.quantity));
        return json;
    };
    Json json = head("usage_groups", question, scope);
    json["meter"] = question.meter_key;
    json["by"] = grouping.by;
    json["total"] = grouping.total.quantity.text();
    Json data = Json::array();
    for (const UsageGroup& group : grouping.groups) {
        Json properties = Json::object();
        for (std::size_t i = 0; i < grouping.by.size(); ++i)
            properties[grouping.by[i]] = write_optional(group.values[i]);
        data.push_back(put({{"properties", std::move(properties)}}, group.figures));
    }
    json["data"] = std::move(data);
    json["rest"] = put(Json::object(), grouping.rest);
    return json;
}

Json write_routes(const UsageQuestion& question, const UsageScope& scope,
                  const std::map<std::string, RequestFigures>& routes) {
    Json json{{"object", "usage_routes"},
              {"customer", write_optional(scope.customer)},
              {"period", write_period(question.period())}};
    Json data = Json::array();
    for (const auto& [route, figures] : routes) {
        Json row = write_requests(figures);
        row["route"] = route;
        data.push_back(std::move(row));
    }
    json["data"] = std::move(data);
    return json;
}

Json write_alert(const UsageAlert& alert) {
    const Threshold& threshold = alert.threshold;
    Json json{{"object", "usage_alert"},
              {"id", alert.id.text()},
              {"type", "usage.threshold_reached"},
              {"customer", alert.customer.text()},
              {"subscription", nullptr},
              {"meter", alert.meter_key},
              {"meter_name", alert.meter_name},
              {"reset", to_text(alert.reset)},
              {"window", write_period(alert.window)},
              {"kind", to_text(threshold.kind)},
              {"percent", threshold.percent},
              {"limit", threshold.full_amount},
              {"used", threshold.reached_amount},
              {"crossed_at", format_rfc3339(alert.crossed_at)}};
    if (alert.contract) json["subscription"] = alert.contract->text();
    if (alert.currency) json["currency"] = to_text(*alert.currency);
    return json;
}

Json write_forecast(const Standing& standing, Instant now, const std::string& meter_key,
                    const Usage& usage) {
    const auto at_end = linear_forecast(usage.used, usage.period, now);
    std::optional<UsageSum> overage;
    // What is still to come goes to what is left of the allowance first.
    if (at_end)
        overage = UsageSum(usage.overage) +
                  std::max(*at_end - usage.used - UsageSum(usage.remaining), UsageSum());
    const auto text = [](const std::optional<UsageSum>& sum) {
        return sum ? Json(sum->text()) : Json();
    };
    return Json{{"object", "usage_forecast"},
                {"as_of", format_rfc3339(now)},
                {"customer", standing.customer.text()},
                {"meter", meter_key},
                {"plan", standing.plan->key},
                {"period", write_period(usage.period)},
                {"used", usage.used.text()},
                {"included", usage.included.text()},
                {"remaining", usage.remaining.text()},
                {"overage", usage.overage.text()},
                {"overage_allowed", usage.overage_allowed},
                {"method", "linear"},
                {"projected", text(at_end)},
                {"projected_overage", text(overage)}};
}

}  // namespace turnpike
