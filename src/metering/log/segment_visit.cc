#include "metering/log/segment_visit.h"

#include <string>
#include <string_view>

#include "metering/log/durable_file.h"
#include "metering/log/usage_record.h"

namespace turnpike {
namespace {

void show_records(std::string_view records, const SegmentVisitor& visitor) {
    RecordReader reader(records);
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
            visitor.correction(*correction);
        }
    }
}

Result<std::monostate> show_sealed(const std::string& path, const SegmentVisitor& visitor) {
    const auto segment = SealedSegment::open(path);
    if (!segment) return failure(segment);
    for (const SealedBlockPlace& place : segment->event_blocks()) {
        if (!visitor.wants(place)) continue;
        const auto block = segment->read_events(place);
        if (!block) return failure(block);
        for (const SealedEvent& event : block->events()) visitor.event(event);
    }
    return segment->visit_corrections(0, visitor.correction);
}

}  // namespace

Result<std::monostate> visit_segment(const SegmentPlace& segment, std::uint64_t last_sequence,
                                     const SegmentVisitor& visitor) {
    if (segment.form == SegmentForm::Sealed) return show_sealed(segment.path, visitor);
    const auto visit = [&](std::uint64_t, std::string_view payload) -> Result<std::monostate> {
        show_records(payload, visitor);
        return std::monostate{};
    };
    auto read = read_segment(segment, last_sequence, visit);
    // It may have been sealed since the names were read.
    if (!read && !exists(segment.path)) return show_sealed(sealed_path(segment), visitor);
    return read;
}

}  // namespace turnpike
