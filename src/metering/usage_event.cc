#include "metering/usage_event.h"

#include <string>

#include "base/check.h"

namespace turnpike {
namespace {

std::string words_of(const Reset& reset) {
    switch (reset.kind) {
        case Reset::Kind::BillingPeriod: return "its billing period";
        case Reset::Kind::Day: return "its day";
        case Reset::Kind::Week: return "its week";
        case Reset::Kind::Month: return "its month";
        case Reset::Kind::Lifetime: return "the lifetime of the contract";
        case Reset::Kind::Rolling:
            return reset.hours == 1 ? "the last hour"
                                    : "the last " + std::to_string(reset.hours) + " hours";
    }
    check(false, "every reset has words");
    return {};
}

}  // namespace

std::string_view to_text(Verdict verdict) {
    switch (verdict) {
        case Verdict::Accepted: return "accepted";
        case Verdict::Duplicate: return "duplicate";
        case Verdict::Conflict: return "conflict";
        case Verdict::Rejected: return "rejected";
    }
    check(false, "every verdict has a text");
    return {};
}

EventComplaint complaint_of(Bound bound, std::string_view meter_key, const Reset& reset) {
    const std::string counter = std::string(meter_key) + " for " + words_of(reset);
    if (bound == Bound::Allowance)
        return {"limit_exceeded", "it would pass the allowance of " + counter};
    return {"counter_full", "it would pass the most that a counter holds, " + kMaxQuantity.text() +
                                ", in " + counter + "; count in a larger unit"};
}

bool is_event_text(std::string_view text) {
    if (text.empty() || text.size() > kEventIdBytesMax) return false;
    // Without an early end, so that many bytes are looked at in one step.
    bool has_control = false;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        has_control |= byte < 0x20 || byte == 0x7f;
    }
    return !has_control;
}

bool is_reserved_source(std::string_view source) { return source.starts_with("turnpike."); }

std::optional<EventComplaint> complaint_about(const UsageEvent& event, Instant now) {
    if (!is_event_text(event.source))
        return EventComplaint{"bad_field", "source must be 1 to 255 bytes, no control characters"};
    if (!is_event_text(event.id))
        return EventComplaint{"bad_field", "id must be 1 to 255 bytes, no control characters"};
    if (event.quantity < Quantity{} || event.quantity > kMaxQuantity)
        return EventComplaint{"bad_quantity", "the quantity must be from 0 to 1000000000000"};
    if (event.time < Instant{}) return EventComplaint{"bad_time", "the time lies before 1970"};
    if (event.time > now + kEventSkewMax)
        return EventComplaint{"time_in_future", "the time lies more than five minutes ahead"};
    return std::nullopt;
}

std::string content_of(const UsageEvent& event, TimeStated stated, std::string_view said) {
    std::string content;
    content.reserve(event.customer.text().size() + event.meter_key.size() + said.size() + 64);
    put_content(content, event.customer.text());
    if (said.empty()) {
        put_content(content, event.meter_key);
        put_content(content, event.quantity.text());
    }
    content += said;
    put_content(content, stated == TimeStated::Yes ? format_rfc3339(event.time) : "");
    return content;
}

void put_content(std::string& content, std::string_view part) {
    content.append(std::to_string(part.size())).append(1, ':').append(part);
}

}  // namespace turnpike
