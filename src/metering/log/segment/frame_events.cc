#include "metering/log/segment/frame_events.h"

#include <variant>

#include "metering/log/records/usage_record.h"

namespace turnpike {

Result<std::uint64_t> show_events(std::string_view payload, const EventVisitor& visitor) {
    RecordReader reader(payload);
    SealedEvent event;
    while (const auto record = reader.next()) {
        if (const auto* arrival = std::get_if<ArrivalRecord>(&*record)) {
            event.place = {arrival->number, 0};
            event.received_at = arrival->received_at;
        } else if (const auto* recorded = std::get_if<EventRecord>(&*record)) {
            event.record = *recorded;
            visitor.event(event);
            ++event.place.position;
        } else if (const auto* correction = std::get_if<CorrectionRecord>(&*record)) {
            if (visitor.correction) visitor.correction(*correction);
        }
    }
    if (reader.is_bad())
        return fail(ErrorCode::Unavailable, "usage_log.damaged",
                    "a frame of the usage log holds what cannot be read");
    return event.place.arrival;
}

}  // namespace turnpike
