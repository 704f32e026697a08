#include "metering/usage_event.h"

#include "base/check.h"

namespace turnpike {

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

std::optional<EventComplaint> complaint_about(const UsageEvent& event, Instant now) {
    if (!is_event_text(event.source))
        return EventComplaint{"bad_source", "source must be 1 to 255 bytes, no control characters"};
    if (!is_event_text(event.id))
        return EventComplaint{"bad_id", "id must be 1 to 255 bytes, no control characters"};
    if (event.quantity < Quantity{} || event.quantity > kMaxQuantity)
        return EventComplaint{"bad_quantity", "the quantity must be from 0 to 1000000000000"};
    if (event.time < Instant{})
        return EventComplaint{"time_out_of_range", "the time lies before 1970"};
    if (event.time > now + kEventSkewMax)
        return EventComplaint{"time_in_future", "the time lies more than five minutes ahead"};
    return std::nullopt;
}

std::string content_of(const UsageEvent& event, TimeStated stated) {
    std::string text;
    // Lengths keep two fields from running into each other.
    const auto add = [&text](std::string_view part) {
        text.append(std::to_string(part.size())).append(1, ':').append(part);
    };
    text.reserve(event.customer.text().size() + event.meter_key.size() + 64);
    add(event.customer.text());
    add(event.meter_key);
    add(event.quantity.text());
    add(stated == TimeStated::Yes ? format_rfc3339(event.time) : "");
    return text;
}

}  // namespace turnpike
