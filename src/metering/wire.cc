#include "metering/wire.h"

#include "json/value.h"

namespace turnpike {

Json write_outcome(const char* position_name, std::uint64_t position, const UsageOutcome& outcome) {
    Json entry;
    entry[position_name] = position;
    if (outcome.verdict == Verdict::Conflict) {
        entry["code"] = "conflict";
        entry["detail"] = "this source and id name another event; the first one stays";
    }
    if (outcome.complaint) {
        entry["code"] = outcome.complaint->code;
        entry["detail"] = outcome.complaint->detail;
    }
    return entry;
}

Json write_report(const AppendReport& report) {
    std::int64_t accepted = 0;
    Json duplicates = Json::array(), conflicts = Json::array(), rejected = Json::array(),
         verdicts = Json::array();
    for (std::size_t i = 0; i < report.outcomes.size(); ++i) {
        const UsageOutcome& outcome = report.outcomes[i];
        verdicts.push_back(to_text(outcome.verdict));
        Json* list = nullptr;
        switch (outcome.verdict) {
            case Verdict::Accepted: ++accepted; continue;
            case Verdict::Duplicate: list = &duplicates; break;
            case Verdict::Conflict: list = &conflicts; break;
            case Verdict::Rejected: list = &rejected; break;
        }
        list->push_back(write_outcome("index", i, outcome));
    }
    Json json;
    json["accepted"] = accepted;
    json["duplicates"] = std::move(duplicates);
    json["conflicts"] = std::move(conflicts);
    json["rejected"] = std::move(rejected);
    json["verdicts"] = std::move(verdicts);
    return json;
}

Json write_amended(const MovedCounter& moved, const EventStatus& status) {
    const auto amended = amended_value(moved.aggregation, status);
    return amended ? Json(amended->text()) : Json();
}

Json write_moved(const MovedCounter& moved, const EventStatus& status) {
    Json json;
    json["meter"] = moved.meter_key;
    json["aggregation"] = to_text(moved.aggregation);
    json["reset"] = to_text(moved.reset);
    json["window_start"] = format_rfc3339(moved.window_start);
    json["value"] = moved.value.text();
    json["amended_value"] = write_amended(moved, status);
    return json;
}

std::string_view status_text(const EventStatus& status) {
    if (status.is_voided) return "voided";
    return status.amended ? "amended" : "recorded";
}

Json write_corrected(const std::optional<Correction>& correction) {
    if (!correction) return {};
    Json json;
    json["source"] = correction->source;
    json["event_id"] = correction->id;
    return json;
}

Json write_event(const RecordedEvent& recorded) {
    const UsageEvent& event = recorded.event;
    Json json;
    json["object"] = "event";
    json["id"] = recorded.id.text();
    json["type"] = recorded.corrects ? to_text(recorded.corrects->kind) : "usage";
    json["status"] = status_text(recorded.status);
    json["source"] = event.source;
    json["event_id"] = event.id;
    json["customer"] = event.customer.text();
    json["meter"] = event.meter_key;
    json["quantity"] = event.quantity.text();
    json["amended_quantity"] = write_amended(recorded.counts.front(), recorded.status);
    json["corrects"] = write_corrected(recorded.corrects);
    json["time"] = format_rfc3339(event.time);
    json["latency_ms"] = event.latency_us ? Json(format_scaled(*event.latency_us, 3)) : Json();
    json["period_start"] = format_rfc3339(recorded.counts.front().window_start);
    json["properties"] =
        event.properties.empty() ? Json::object() : parse_json(event.properties).value();
    json["counts"] = Json::array();
    for (const MovedCounter& moved : recorded.counts)
        json["counts"].push_back(write_moved(moved, recorded.status));
    json["created_at"] = format_rfc3339(recorded.received_at);
    return json;
}

}  // namespace turnpike
