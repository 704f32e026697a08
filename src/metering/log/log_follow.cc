#include "metering/log/log_follow.h"

#include <algorithm>

#include <fmt/format.h>

#include "metering/log/files/durable_file.h"
#include "metering/log/segment/frame_events.h"
#include "metering/log/segment/sealed_segment.h"
#include "metering/log/segment/segment_file.h"

namespace turnpike {
namespace {

std::unexpected<Error> not_there(std::uint64_t sequence) {
    return fail(ErrorCode::Unavailable, "usage_log.damaged",
                fmt::format("frame {} of the usage log is not there", sequence));
}

Result<std::monostate> show_frame(std::string_view payload, const LogFollower& follower,
                                  LogMark& mark) {
    const std::uint64_t seen = mark.last_arrival;
    const auto last =
        show_events(payload, {.event =
                                  [&](const SealedEvent& event) {
                                      if (event.place.arrival > seen) follower.event(event);
                                  },
                              .correction =
                                  [&](const CorrectionRecord& correction) {
                                      if (correction.place.arrival > seen && follower.correction)
                                          follower.correction(correction);
                                  }});
    if (!last) return failure(last);
    mark.last_arrival = std::max(mark.last_arrival, *last);
    return std::monostate{};
}

Result<LogMark> follow_sealed(const std::string& path, LogMark mark, const LogFollower& follower) {
    const auto segment = SealedSegment::open(path);
    if (!segment) return failure(segment);
    const std::uint64_t seen = mark.last_arrival;
    for (const SealedBlockPlace& place : segment->event_blocks()) {
        if (place.arrival_last <= seen) continue;
        const auto block = segment->read_events(place);
        if (!block) return failure(block);
        for (const SealedEvent& event : block->events())
            if (event.place.arrival > seen) follower.event(event);
        mark.last_arrival = std::max(mark.last_arrival, place.arrival_last);
    }
    const auto corrected = segment->visit_corrections(seen, [&](const CorrectionRecord& record) {
        if (follower.correction) follower.correction(record);
        mark.last_arrival = std::max(mark.last_arrival, record.place.arrival);
    });
    if (!corrected) return failure(corrected);
    mark.next_sequence = segment->header().next_sequence;
    mark.offset = 0;
    return mark;
}

Result<LogMark> follow_frames(const SegmentPlace& segment, std::uint64_t last_sequence,
                              LogMark mark, const LogFollower& follower) {
    const bool is_first = segment.first_sequence == mark.next_sequence;
    const FramePlace from{mark.next_sequence, is_first ? 0 : mark.offset};
    const auto show = [&](std::uint64_t, std::string_view payload) {
        return show_frame(payload, follower, mark);
    };
    const auto read = read_segment_from(segment, from, last_sequence, show, follower.has_enough);
    if (!read) return failure(read);
    mark.next_sequence = read->sequence;
    mark.offset = read->offset;
    return mark;
}

Result<LogMark> follow_segment(const SegmentPlace& segment, std::uint64_t last_sequence,
                               const LogMark& mark, const LogFollower& follower) {
    if (segment.form == SegmentForm::Sealed) return follow_sealed(segment.path, mark, follower);
    auto read = follow_frames(segment, last_sequence, mark, follower);
    // It may have been sealed since the names were read. Then it could not be opened.
    const bool is_gone =
        !read && read.error().reason == Reason("usage_log.unreachable") && !exists(segment.path);
    if (is_gone) return follow_sealed(sealed_path(segment), mark, follower);
    return read;
}

}  // namespace

Result<LogMark> follow_log(const std::string& segments, std::uint64_t last_sequence,
                           const LogMark& from, const LogFollower& follower) {
    if (from.next_sequence == last_sequence + 1) return from;
    if (from.next_sequence > last_sequence) return not_there(from.next_sequence - 1);
    const auto places = list_segments(segments);
    if (!places) return failure(places);
    LogMark mark = from;
    for (std::size_t i = 0; i < places->size() && mark.next_sequence <= last_sequence; ++i) {
        if (follower.has_enough()) break;
        const SegmentPlace& segment = (*places)[i];
        const bool is_last = i + 1 == places->size();
        if (!is_last && (*places)[i + 1].first_sequence <= mark.next_sequence) continue;
        if (segment.first_sequence > mark.next_sequence) return not_there(mark.next_sequence);
        const auto read = follow_segment(segment, last_sequence, mark, follower);
        if (!read) return failure(read);
        mark = *read;
    }
    if (mark.next_sequence <= last_sequence && !follower.has_enough())
        return not_there(mark.next_sequence);
    return mark;
}

}  // namespace turnpike
