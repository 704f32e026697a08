#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sandbox/documents.h"
#include "sandbox/stripe/core/stream_sessions.h"
#include "sandbox/stripe/metering/adjustments.h"
#include "sandbox/stripe/metering/meter_event.h"
#include "sandbox/stripe/metering/meter_events.h"
#include "sandbox/stripe/metering/thin_events.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kStreamEventsMax = 100;

Answer create_stream_session(Operation& operation) {
    auto& ctx = operation.ctx;
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    const auto session = open_stream_session(ctx);
    return Json{{"id", ctx.new_id("bmes_test")},
                {"object", "v2.billing.meter_event_session"},
                {"authentication_token", session.token},
                {"created", v2_timestamp(ctx.now())},
                {"expires_at", v2_timestamp(session.expires_at)},
                {"livemode", false}};
}

/// Whatever is wrong with an event is told later; one that came before is left out silently.
Answer stream_events(Operation& operation) {
    auto& ctx = operation.ctx;
    auto& params = operation.params;
    std::vector<MeterEvent> events;
    for (auto& given : params.objects("events")) {
        events.push_back(read_meter_event(ctx, given, TimeFormat::Rfc3339));
        params.absorb(given);
    }
    if (!params.has("events")) params.complain(missing_param("events"));
    if (events.size() > kStreamEventsMax)
        params.complain(bad_param("events", "", "You may only send up to 100 events at a time."));
    if (const auto complaint = params.complaint()) return Refusal(*complaint);

    std::vector<EventProblem> problems;
    for (const auto& event : events) {
        if (is_identifier_taken(ctx, event.identifier)) continue;
        const auto judged = judge(ctx, event);
        if (judged) {
            save_usage(ctx, *judged);
        } else {
            problems.push_back(judged.error());
        }
    }
    report_problems(ctx, problems);
    return Json::object();
}

Answer create_v2_event(Operation& operation) {
    auto& ctx = operation.ctx;
    const auto event = read_meter_event(ctx, operation.params, TimeFormat::Rfc3339);
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    if (is_identifier_taken(ctx, event.identifier))
        return bad_param("", "duplicate_meter_event", already_exists_message(event.identifier));
    const auto judged = judge(ctx, event);
    if (!judged) return bad_param("", judged.error().code, judged.error().message);
    save_usage(ctx, *judged);
    return Json{{"object", "v2.billing.meter_event"},
                {"created", v2_timestamp(ctx.now())},
                {"event_name", event.event_name},
                {"identifier", event.identifier},
                {"livemode", false},
                {"payload", event.payload},
                {"timestamp", v2_timestamp(judged->happened_at)}};
}

Answer create_v2_adjustment(Operation& operation) {
    auto& ctx = operation.ctx;
    auto canceled = cancel_event(operation);
    if (!canceled) return Refusal(canceled.error());
    return Json{{"id", ctx.new_id("mtr_event_adj_test")},
                {"object", "v2.billing.meter_event_adjustment"},
                {"cancel", {{"identifier", canceled->identifier}}},
                {"created", v2_timestamp(ctx.now())},
                {"event_name", canceled->event_name},
                {"livemode", false},
                {"status", "pending"},
                {"type", "cancel"}};
}

constexpr auto kStreamRoutes = std::to_array<OperationRoute>({
    {"POST", "/v2/billing/meter_event_session", create_stream_session},
    {"POST", kStreamPath, stream_events},
    {"POST", "/v2/billing/meter_events", create_v2_event},
    {"POST", "/v2/billing/meter_event_adjustments", create_v2_adjustment},
});

}  // namespace

const Feature& meter_event_stream_feature() {
    static constexpr Feature kFeature{.operations = kStreamRoutes};
    return kFeature;
}

}  // namespace turnpike::twin
