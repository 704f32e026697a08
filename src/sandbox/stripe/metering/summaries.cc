#include "sandbox/stripe/metering/summaries.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/metering/meters.h"
#include "sandbox/stripe/metering/usage_store.h"

namespace turnpike::twin {
namespace {

struct Alignment {
    Duration step;
    std::string_view boundaries;  ///< in Stripe's words
};

Alignment alignment_of(const std::string& window) {
    if (window == "hour") return {std::chrono::hours(1), "hourly"};
    if (window == "day") return {std::chrono::days(1), "daily"};
    return {std::chrono::minutes(1), "minute"};
}

/// A time that is required, and lies on a boundary.
Instant read_boundary(Params& params, std::string_view name, const std::string& window) {
    const auto moment = params.timestamp(name);
    if (!moment) {
        params.complain(missing_param(std::string(name)));
        return {};
    }
    const auto alignment = alignment_of(window);
    const auto over = moment->time_since_epoch() % alignment.step;
    if (over == Duration::zero()) return *moment;
    std::string message = std::string(name) + " " + std::to_string(unix_seconds(*moment)) +
                          " should be aligned with " + std::string(alignment.boundaries) +
                          " boundaries (expected " + std::to_string(unix_seconds(*moment - over)) +
                          ")";
    if (!window.empty()) message += " because the `value_grouping_window` is " + window;
    params.complain(bad_param(std::string(name), "", message + "."));
    return *moment;
}

/// A number as JSON writes it, from its exact text.
Json json_number(const std::string& text) { return parse_json(text).value_or(Json(0)); }

Json summary_document(const Json& meter, const std::string& customer, const Period& period,
                      Int128 value) {
    const auto start = unix_seconds(period.start);
    const auto end = unix_seconds(period.end);
    const auto name = text_of(meter, "id") + "/" + customer + "/" + std::to_string(start) + "/" +
                      std::to_string(end);
    // The same question has the same answer, so a page can be continued.
    return Json{{"id", "mtrusg_test_" + to_hex(sha256(name)).substr(0, 24)},
                {"object", "billing.meter_event_summary"},
                {"aggregated_value", json_number(usage_text(value))},
                {"end_time", end},
                {"livemode", false},
                {"meter", text_of(meter, "id")},
                {"start_time", start}};
}

std::vector<Json> summaries_by(UsageWindow window, const Json& meter, const std::string& customer,
                               std::vector<UsageEvent> events) {
    std::map<Instant, std::vector<UsageEvent>> windows;
    for (auto& event : events) windows[window_start(window, event.happened_at)].push_back(event);
    std::vector<Json> found;
    for (const auto& [start, inside] : windows)
        found.push_back(summary_document(meter, customer, {start, start + length_of(window)},
                                         aggregate(aggregation_of(meter), inside)));
    std::ranges::reverse(found);
    return found;
}

}  // namespace

Answer list_event_summaries(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    const auto meter = ctx.find(kMeterKind, operation.path("meter"));
    if (!meter) return no_such_object("meter", operation.path("meter"));
    const auto customer = params.required_text("customer");
    const auto window = params.one_of("value_grouping_window", {"day", "hour"}).value_or("");
    const Period period{read_boundary(params, "start_time", window),
                        read_boundary(params, "end_time", window)};
    if (period.start >= period.end)
        params.complain(bad_param("end_time", "", "end_time must be after start_time."));
    if (!customer.empty() && !ctx.find("customer", customer))
        params.complain(no_such_param("customer", customer, "customer"));

    auto events = load_usage(ctx, text_of(*meter, "id"), customer, period);
    const auto grouping = parse_usage_window(window);
    std::vector<Json> found;
    if (grouping) {
        found = summaries_by(*grouping, *meter, customer, std::move(events));
    } else {
        found.push_back(
            summary_document(*meter, customer, period, aggregate(aggregation_of(*meter), events)));
    }
    return list_page(operation, operation.url, std::move(found));
}

}  // namespace turnpike::twin
