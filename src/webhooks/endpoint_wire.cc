#include "webhooks/endpoint_wire.h"

#include "json/object_reader.h"
#include "json/write.h"
#include "webhooks/event_types.h"

namespace turnpike {
namespace {

constexpr std::size_t kTargetBytesMax = 2'048;
constexpr std::size_t kEventsMax = 50;
constexpr std::int64_t kOverlapHoursUsual = 24;

std::string_view noun_of(EndpointKind kind) {
    switch (kind) {
        case EndpointKind::Endpoint: return "";
        case EndpointKind::AlertWebhook: return "webhook";
        case EndpointKind::AlertSlack: return "slack";
        case EndpointKind::AlertEmail: return "email";
    }
    std::unreachable();
}

std::optional<EndpointKind> alert_kind(std::string_view noun) {
    using enum EndpointKind;
    for (const auto kind : {AlertWebhook, AlertSlack, AlertEmail})
        if (noun_of(kind) == noun) return kind;
    return std::nullopt;
}

Json moment_or_null(Instant moment) {
    return moment == Instant{} ? Json() : Json(format_rfc3339(moment));
}

/// nullopt when the member is absent.
std::optional<std::vector<std::string>> read_event_names(ObjectReader& fields) {
    const Json* array = fields.optional_array("events");
    if (array == nullptr) return std::nullopt;
    std::vector<std::string> names;
    for (const auto& item : *array) {
        if (!item.is_string()) {
            fields.complain("events", "wrong_type", "must hold texts");
            break;
        }
        names.push_back(item.get<std::string>());
    }
    if (names.empty() || names.size() > kEventsMax)
        fields.complain("events", "out_of_range", "must hold 1 to 50 names");
    return names;
}

std::string read_description(ObjectReader& fields) {
    return fields.optional_free_text("description", {.length_min = 0, .length_max = 500})
        .value_or("");
}

}  // namespace

Json write_endpoint(const WebhookEndpoint& e) {
    const bool is_enabled = e.stop == EndpointStop::None;
    Json json;
    json["id"] = e.id.text();
    json["object"] = is_alert(e.kind) ? "alert_destination" : "webhook_endpoint";
    if (is_alert(e.kind)) json["kind"] = noun_of(e.kind);
    json[is_alert(e.kind) ? "target" : "url"] = e.target;
    json["description"] = e.description;
    json["events"] = e.events;
    json["state"] = is_enabled ? "enabled" : "disabled";
    json["disabled_reason"] = is_enabled ? Json() : Json(to_text(e.stop));
    json["paused_until"] = moment_or_null(e.paused_until);
    if (is_signed(e.kind)) json["previous_secret_until"] = moment_or_null(e.previous_until);
    json["created_at"] = format_rfc3339(e.created_at);
    json["updated_at"] = format_rfc3339(e.updated_at);
    json["version"] = e.version;
    return json;
}

Json write_delivery(const WebhookDelivery& d) {
    const bool waits = d.state == DeliveryState::Pending;
    return Json{{"id", d.id.text()},
                {"object", "webhook_delivery"},
                {"endpoint", d.endpoint.text()},
                {"event", d.event.text()},
                {"type", d.event_type},
                {"about", d.object},
                {"sequence", d.sequence},
                {"state", to_text(d.state)},
                {"attempts", d.tries_made},
                {"next_attempt_at", waits ? Json(format_rfc3339(d.next_attempt_at)) : Json()},
                {"finished_at", write_instant(d.finished_at)},
                {"created_at", format_rfc3339(d.created_at)}};
}

Json write_attempt(const DeliveryAttempt& a) {
    return Json{{"number", a.number},
                {"at", format_rfc3339(a.at)},
                {"status", a.status == 0 ? Json() : Json(a.status)},
                {"problem", a.problem.empty() ? Json() : Json(a.problem)},
                {"duration_ms", a.duration_ms},
                {"response", a.response}};
}

Result<EndpointDraft> read_endpoint_draft(const Json& body) {
    ObjectReader fields(body);
    EndpointDraft draft;
    draft.target = fields.required_text("url", {.length_max = kTargetBytesMax});
    draft.description = read_description(fields);
    draft.events = read_event_names(fields).value_or(std::vector<std::string>{"*"});
    return fields.finish(std::move(draft));
}

Result<EndpointDraft> read_destination_draft(const Json& body) {
    ObjectReader fields(body);
    EndpointDraft draft;
    const auto kind = alert_kind(fields.required_text("kind"));
    if (!kind) fields.complain("kind", "unknown_value", "must be webhook, slack or email");
    draft.kind = kind.value_or(EndpointKind::AlertWebhook);
    draft.target = fields.required_text("target", {.length_max = kTargetBytesMax});
    draft.description = read_description(fields);
    draft.events = read_event_names(fields).value_or(std::vector{std::string(kEveryAlert)});
    return fields.finish(std::move(draft));
}

Result<EndpointPatch> read_endpoint_patch(const Json& body, EndpointKind kind) {
    ObjectReader fields(body);
    EndpointPatch patch;
    patch.target =
        fields.optional_text(is_alert(kind) ? "target" : "url", {.length_max = kTargetBytesMax});
    patch.description =
        fields.optional_free_text("description", {.length_min = 0, .length_max = 500});
    patch.events = read_event_names(fields);
    return fields.finish(std::move(patch));
}

Result<std::chrono::hours> read_rotation(const Json& body) {
    ObjectReader fields(body);
    const auto hours =
        fields.optional_integer("overlap_hours", {.min = 0, .max = kOverlapHoursMax});
    return fields.finish(std::chrono::hours(hours.value_or(kOverlapHoursUsual)));
}

Result<ReplayRequest> read_replay(const Json& body, Instant now) {
    ObjectReader fields(body);
    const auto since = fields.optional_instant("since");
    if (!since) fields.complain("since", "required", "must say from when on");
    const auto until = fields.optional_instant("until");
    const bool all = fields.optional_boolean("include_delivered").value_or(false);
    ReplayRequest replay{{since.value_or(now), until.value_or(now)},
                         all ? ReplayOf::All : ReplayOf::Undelivered};
    if (replay.range.end <= replay.range.start)
        fields.complain("until", "out_of_range", "must lie after since");
    return fields.finish(replay);
}

}  // namespace turnpike
