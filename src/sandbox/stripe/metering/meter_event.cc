#include "sandbox/stripe/metering/meter_event.h"

#include <array>
#include <utility>

#include "sandbox/documents.h"
#include "sandbox/stripe/metering/meters.h"

namespace turnpike::twin {
namespace {

constexpr std::size_t kIdentifierCharactersMax = 100;
constexpr auto kEventAgeMax = std::chrono::days(35);
constexpr auto kEventAheadMax = std::chrono::minutes(5);

std::optional<Instant> read_rfc3339(Params& params, std::string_view name) {
    const auto text = params.text(name);
    if (!text) return std::nullopt;
    const auto moment = parse_rfc3339(*text);
    if (!moment)
        params.complain(bad_param(params.name_of(name), "", "Invalid timestamp: " + *text));
    return moment;
}

/// "" when the payload has no such key.
std::string payload_of(const MeterEvent& event, const std::string& key) {
    const auto found = event.payload.find(key);
    return found == event.payload.end() ? "" : found->second;
}

std::string payload_key_of(const Json& meter, std::string_view mapping) {
    return text_of(part_of(meter, mapping), "event_payload_key");
}

/// What a meter reads of its events.
std::array<std::string, 2> payload_keys(const std::optional<Json>& meter) {
    if (!meter) return {"stripe_customer_id", "value"};
    return {payload_key_of(*meter, "customer_mapping"), payload_key_of(*meter, "value_settings")};
}

/// One event against one meter.
class Judgement {
public:
    Judgement(Context& ctx, const MeterEvent& event, const Json& meter)
        : ctx_(ctx), event_(event), meter_(meter) {}

    std::expected<UsageRecord, EventProblem> judge() {
        if (!is_active_meter(meter_))
            return problem("archived_meter",
                           "The meter for event name '" + event_.event_name + "' is inactive.");
        const auto customer_key = payload_key_of(meter_, "customer_mapping");
        const auto customer = payload_of(event_, customer_key);
        const bool known = ctx_.find("customer", customer).has_value();
        const auto now = ctx_.now_of(known ? customer : "");
        const auto happened_at = event_.timestamp.value_or(now);
        if (happened_at < now - kEventAgeMax)
            return problem("timestamp_too_far_in_past",
                           "The timestamp of the event is more than 35 days in the past.");
        if (happened_at > now + kEventAheadMax)
            return problem("timestamp_in_future",
                           "The timestamp of the event is more than 5 minutes in the future.");
        if (customer.empty())
            return problem("meter_event_no_customer_defined",
                           "Customer mapping key " + customer_key + " not found in payload.");
        if (!known)
            return problem("meter_event_customer_not_found",
                           "No such customer: '" + customer + "'");
        const auto value = read_value();
        if (!value) return std::unexpected(value.error());
        return UsageRecord{
            event_.event_name, event_.identifier, text_of(meter_, "id"), customer, *value,
            happened_at};
    }

private:
    std::unexpected<EventProblem> problem(std::string code, std::string message) const {
        return std::unexpected(EventProblem{std::move(code), std::move(message),
                                            text_of(meter_, "id"), event_.identifier});
    }

    /// A meter that counts events does not look at what they hold.
    std::expected<Int128, EventProblem> read_value() const {
        if (aggregation_of(meter_).formula == Formula::Count) return kOneUnit;
        const auto key = payload_key_of(meter_, "value_settings");
        const auto text = payload_of(event_, key);
        const auto value = parse_usage(text);
        if (value) return *value;
        if (value.error() == ValueProblem::TooManyDigits)
            return problem("meter_event_value_too_many_digits",
                           "The value '" + text + "' has more than 15 digits.");
        return problem("meter_event_invalid_value",
                       text.empty() ? "Value key " + key + " not found in payload."
                                    : "The value '" + text + "' is not a number.");
    }

    Context& ctx_;
    const MeterEvent& event_;
    const Json& meter_;
};

}  // namespace

MeterEvent read_meter_event(Context& ctx, Params& params, TimeFormat format) {
    MeterEvent event;
    event.event_name = params.required_text("event_name");
    event.meter = meter_of_event(ctx, event.event_name);
    event.identifier = params.text("identifier", kIdentifierCharactersMax).value_or("");
    if (event.identifier.empty()) event.identifier = ctx.new_id("idmp");
    if (auto payload = params.object("payload")) {
        for (const auto& key : payload_keys(event.meter))
            if (const auto text = payload->text(key)) event.payload[key] = *text;
        // Other keys are the seller's own.
        const auto wrong = payload->complaint();
        if (wrong && wrong->code != "parameter_unknown") params.complain(Refusal(*wrong));
    } else {
        params.complain(missing_param(params.name_of("payload")));
    }
    event.timestamp = format == TimeFormat::Rfc3339 ? read_rfc3339(params, "timestamp")
                                                    : params.timestamp("timestamp");
    return event;
}

std::expected<UsageRecord, EventProblem> judge(Context& ctx, const MeterEvent& event) {
    if (!event.meter)
        return std::unexpected(EventProblem{
            "no_meter", "No active meter found for event name \"" + event.event_name + "\".", "",
            event.identifier});
    return Judgement(ctx, event, *event.meter).judge();
}

}  // namespace turnpike::twin
