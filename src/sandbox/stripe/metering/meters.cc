#include "sandbox/stripe/metering/meters.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/metering/summaries.h"
#include "sandbox/stripe/metering/usage_store.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kDisplayNameCharactersMax = 250;
constexpr std::size_t kEventNameCharactersMax = 100;
constexpr std::size_t kPayloadKeyCharactersMax = 100;

std::string filled_text_of(Params& params, std::string_view name, std::size_t characters_max) {
    const auto value = params.text(name, characters_max);
    if (!value || value->empty()) params.complain(missing_param(params.name_of(name)));
    return value.value_or("");
}

/// {"event_payload_key": ...}, with the name that Stripe takes when none is given.
void read_payload_key(Params& params, std::string_view name, Json& meter) {
    auto given = params.object(name);
    if (!given) return;
    Json& mapping = meter[std::string(name)];
    mapping["event_payload_key"] =
        filled_text_of(*given, "event_payload_key", kPayloadKeyCharactersMax);
    if (name == "customer_mapping" && !given->one_of("type", {"by_id"}))
        given->complain(missing_param(given->name_of("type")));
    params.absorb(*given);
}

Json read_new_meter(Context& ctx, Params& params) {
    const auto now = unix_seconds(ctx.now());
    Json meter{
        {"id", ctx.new_id("mtr_test")},
        {"object", std::string(kMeterKind)},
        {"created", now},
        {"customer_mapping", {{"event_payload_key", "stripe_customer_id"}, {"type", "by_id"}}},
        {"default_aggregation", {{"formula", nullptr}}},
        {"event_time_window", nullptr},
        {"livemode", false},
        {"status", "active"},
        {"status_transitions", {{"deactivated_at", nullptr}}},
        {"updated", now},
        {"value_settings", {{"event_payload_key", "value"}}}};
    meter["display_name"] = filled_text_of(params, "display_name", kDisplayNameCharactersMax);
    meter["event_name"] = filled_text_of(params, "event_name", kEventNameCharactersMax);
    meter["_parent"] = meter["event_name"];
    if (auto given = params.object("default_aggregation")) {
        const auto formula = given->one_of("formula", {"count", "last", "sum"});
        if (!formula) given->complain(missing_param(given->name_of("formula")));
        meter["default_aggregation"]["formula"] = formula.value_or("");
        params.absorb(*given);
    } else {
        params.complain(missing_param("default_aggregation"));
    }
    read_payload_key(params, "customer_mapping", meter);
    read_payload_key(params, "value_settings", meter);
    if (const auto window = params.one_of("event_time_window", {"day", "hour"}))
        meter["event_time_window"] = *window;
    return meter;
}

std::optional<Refusal> name_is_taken(Context& ctx, const std::string& event_name) {
    const auto holder = meter_of_event(ctx, event_name);
    if (!holder || !is_active_meter(*holder)) return std::nullopt;
    return bad_param("event_name", "resource_already_exists",
                     "An active meter with event_name '" + event_name +
                         "' already exists: " + text_of(*holder, "id") + ".");
}

Answer create_meter(Operation& operation) {
    auto& ctx = operation.ctx;
    const Json meter = read_new_meter(ctx, operation.params);
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    if (const auto refusal = name_is_taken(ctx, text_of(meter, "event_name"))) return *refusal;
    ctx.put(meter);
    ctx.emit("billing.meter.created", meter);
    return meter;
}

Outcome<Json> meter_in_path(Operation& operation) {
    const auto& id = operation.path("meter");
    auto meter = operation.ctx.find(kMeterKind, id);
    if (!meter) return no_such_object("meter", id);
    return *std::move(meter);
}

Answer get_meter(Operation& operation) {
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    return meter_in_path(operation);
}

Answer update_meter(Operation& operation) {
    auto meter = meter_in_path(operation);
    if (!meter) return meter;
    if (operation.params.has("display_name"))
        (*meter)["display_name"] =
            filled_text_of(operation.params, "display_name", kDisplayNameCharactersMax);
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    (*meter)["updated"] = unix_seconds(operation.ctx.now());
    operation.ctx.update_and_emit("billing.meter.updated", *meter);
    return meter;
}

Answer list_meters(Operation& operation) {
    const auto status = operation.params.one_of("status", {"active", "inactive"});
    return list_objects(operation, kMeterKind, {.status = status.value_or("")});
}

/// Stores the meter in its new state; `type` is the event that says so.
Answer meter_moved_to(Context& ctx, Json meter, std::string_view status, std::string_view type) {
    const auto now = unix_seconds(ctx.now());
    const bool ends = status == "inactive";
    meter["status"] = std::string(status);
    meter["status_transitions"]["deactivated_at"] = ends ? Json(now) : Json();
    meter["updated"] = now;
    ctx.update_and_emit(type, meter);
    return meter;
}

Answer deactivate_meter(Operation& operation) {
    auto meter = meter_in_path(operation);
    if (!meter) return meter;
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    if (!is_active_meter(*meter)) return bad_param("", "", "This meter is already inactive.");
    return meter_moved_to(operation.ctx, *std::move(meter), "inactive",
                          "billing.meter.deactivated");
}

Answer reactivate_meter(Operation& operation) {
    auto meter = meter_in_path(operation);
    if (!meter) return meter;
    if (const auto complaint = operation.params.complaint()) return Refusal(*complaint);
    if (is_active_meter(*meter)) return bad_param("", "", "This meter is already active.");
    if (const auto refusal = name_is_taken(operation.ctx, text_of(*meter, "event_name")))
        return *refusal;
    return meter_moved_to(operation.ctx, *std::move(meter), "active", "billing.meter.reactivated");
}

constexpr auto kMeterRoutes = std::to_array<OperationRoute>({
    {"POST", "/v1/billing/meters", create_meter},
    {"GET", "/v1/billing/meters", list_meters},
    {"GET", "/v1/billing/meters/{meter}", get_meter},
    {"POST", "/v1/billing/meters/{meter}", update_meter},
    {"POST", "/v1/billing/meters/{meter}/deactivate", deactivate_meter},
    {"POST", "/v1/billing/meters/{meter}/reactivate", reactivate_meter},
    {"GET", "/v1/billing/meters/{meter}/event_summaries", list_event_summaries},
});

}  // namespace

std::optional<Json> meter_of_event(Context& ctx, const std::string& event_name) {
    auto meters = ctx.list(kMeterKind, {.parent = event_name});
    const auto active = std::ranges::find_if(meters, is_active_meter);
    if (active != meters.end()) return std::move(*active);
    if (meters.empty()) return std::nullopt;
    return std::move(meters.front());
}

bool is_active_meter(const Json& meter) { return text_of(meter, "status") == "active"; }

Aggregation aggregation_of(const Json& meter) {
    const auto formula = text_of(part_of(meter, "default_aggregation"), "formula");
    return {parse_formula(formula).value_or(Formula::Sum),
            parse_usage_window(text_of(meter, "event_time_window"))};
}

Int128 usage_in(Context& ctx, const Json& meter, const std::string& customer,
                const Period& period) {
    return aggregate(aggregation_of(meter),
                     load_usage(ctx, text_of(meter, "id"), customer, period));
}

const Feature& meter_feature() {
    static constexpr Feature kFeature{.operations = kMeterRoutes};
    return kFeature;
}

}  // namespace turnpike::twin
