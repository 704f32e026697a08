#include "metering/log/segment/segment_visit.h"

#include <string>
#include <string_view>

#include "metering/log/files/durable_file.h"
#include "metering/log/segment/frame_events.h"

namespace turnpike {
namespace {

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
        const auto shown = show_events(payload, {visitor.event, visitor.correction});
        if (!shown) return failure(shown);
        return std::monostate{};
    };
    auto read = read_segment(segment, last_sequence, visit);
    // It may have been sealed since the names were read.
    if (!read && !exists(segment.path)) return show_sealed(sealed_path(segment), visitor);
    return read;
}

}  // namespace turnpike
