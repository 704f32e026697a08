#include "sandbox/stripe/metering/meter_events.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "sandbox/documents.h"
#include "sandbox/stripe/metering/adjustments.h"
#include "sandbox/stripe/metering/meter_event.h"
#include "sandbox/stripe/metering/thin_events.h"

namespace turnpike::twin {
namespace {

/// What v1 finds out before it answers; the rest comes as an error report.
bool is_found_at_once(const EventProblem& problem) {
    static constexpr std::array<std::string_view, 4> kAtOnce{
        "archived_meter", "no_meter", "timestamp_in_future", "timestamp_too_far_in_past"};
    return std::ranges::find(kAtOnce, problem.code) != kAtOnce.end();
}

Refusal refused_event(const EventProblem& problem) {
    if (problem.code == "no_meter")
        return bad_param("event_name", "resource_missing", problem.message);
    const bool of_meter = problem.code == "archived_meter";
    return bad_param(of_meter ? "event_name" : "timestamp", problem.code, problem.message);
}

Answer create_meter_event(Operation& operation) {
    auto& ctx = operation.ctx;
    const auto event = read_meter_event(ctx, operation.params, TimeFormat::UnixSeconds);
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    if (is_identifier_taken(ctx, event.identifier))
        return bad_param("", "", already_exists_message(event.identifier));
    const auto judged = judge(ctx, event);
    if (judged) {
        save_usage(ctx, *judged);
    } else if (is_found_at_once(judged.error())) {
        return refused_event(judged.error());
    } else {
        report_problems(ctx, {judged.error()});
    }
    const auto moment = event.timestamp.value_or(judged ? judged->happened_at : ctx.now());
    return Json{{"object", "billing.meter_event"},
                {"created", unix_seconds(ctx.now())},
                {"event_name", event.event_name},
                {"identifier", event.identifier},
                {"livemode", false},
                {"payload", event.payload},
                {"timestamp", unix_seconds(moment)}};
}

Answer create_v1_adjustment(Operation& operation) {
    auto canceled = cancel_event(operation);
    if (!canceled) return Refusal(canceled.error());
    return Json{{"object", "billing.meter_event_adjustment"},
                {"cancel", {{"identifier", canceled->identifier}}},
                {"event_name", canceled->event_name},
                {"livemode", false},
                {"status", "pending"},
                {"type", "cancel"}};
}

constexpr auto kMeterEventRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/billing/meter_events", create_meter_event},
    {"POST", "/v1/billing/meter_event_adjustments", create_v1_adjustment},
});

}  // namespace

const Feature& meter_event_feature() {
    static constexpr Feature kFeature{.operations = kMeterEventRoutes};
    return kFeature;
}

}  // namespace turnpike::twin
