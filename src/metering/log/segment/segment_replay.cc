#include "metering/log/segment/segment_replay.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "metering/log/segment/sealed_segment.h"

namespace turnpike {
namespace {

std::unexpected<Error> damaged(const SegmentPlace& segment, std::size_t offset) {
    return fail(ErrorCode::Unavailable, "usage_log.damaged",
                fmt::format("{} is damaged at byte {}, before usage that was acknowledged; restore "
                            "it from a backup",
                            segment.path, offset));
}

std::unexpected<Error> gap(const SegmentPlace& segment, std::uint64_t expected) {
    return fail(ErrorCode::Unavailable, "usage_log.damaged",
                fmt::format("{} begins at frame {}, and frame {} is missing; restore the segment "
                            "before it from a backup",
                            segment.path, segment.first_sequence, expected));
}

std::unexpected<Error> too_short(std::uint64_t expected) {
    return fail(ErrorCode::Unavailable, "usage_log.damaged",
                fmt::format("the usage log ends before frame {}, which was there; restore the "
                            "missing segment from a backup",
                            expected));
}

Result<SegmentEnd> read_sealed(const SegmentPlace& place, const SegmentReader& reader) {
    const auto segment = SealedSegment::open(place.path);
    if (!segment) return failure(segment);
    if (segment->header().first_sequence != place.first_sequence) return damaged(place, 0);
    const SegmentEnd end{.next_sequence = segment->header().next_sequence};
    if (!reader.events) {
        const auto visited = segment->visit_records([&](std::string_view records) {
            return reader.records(end.next_sequence - 1, records);
        });
        if (!visited) return failure(visited);
        return end;
    }
    for (const SealedBlockPlace& block : segment->event_blocks()) {
        const auto read = segment->read_events(block);
        if (!read) return failure(read);
        const auto visited = reader.events(read->events());
        if (!visited) return failure(visited);
    }
    const auto told = segment->visit_story(reader.story);
    if (!told) return failure(told);
    return end;
}

Result<SegmentEnd> read_log(const SegmentPlace& place, const SequenceRange& range,
                            const SegmentReader& reader) {
    return scan_segment(place, range.from, reader.records);
}

}  // namespace

Result<SegmentEnd> read_segments(std::span<const SegmentPlace> segments, const SequenceRange& range,
                                 const SegmentReader& reader) {
    SegmentEnd end{.next_sequence = range.from};
    bool is_first = true;
    for (std::size_t i = 0; i < segments.size(); ++i) {
        const SegmentPlace& segment = segments[i];
        const bool is_last = i + 1 == segments.size();
        if (!is_last && segments[i + 1].first_sequence <= range.from) continue;
        if (segment.first_sequence >= range.until) break;
        const bool follows = is_first ? segment.first_sequence <= range.from
                                      : segment.first_sequence == end.next_sequence;
        if (!follows) return gap(segment, end.next_sequence);
        is_first = false;
        const auto read = segment.form == SegmentForm::Sealed ? read_sealed(segment, reader)
                                                              : read_log(segment, range, reader);
        if (!read) return failure(read);
        end = *read;
        // A segment is begun only when all of the one before is durable: only the last can be torn.
        if (end.state == SegmentEnd::State::Damaged ||
            (end.state == SegmentEnd::State::Torn && !is_last))
            return damaged(segment, end.offset);
        if (end.state == SegmentEnd::State::Torn)
            spdlog::warn("event=usage_log.torn_tail file={} offset={}", segment.path, end.offset);
    }
    // The active segment is never sealed, and behind a sealed one there was another.
    const bool lost_tail = !segments.empty() && segments.back().form == SegmentForm::Sealed;
    const auto needed = range.until == SequenceRange{}.until ? range.from : range.until;
    if (end.next_sequence < needed || (is_first && range.from > 1)) return too_short(needed);
    if (lost_tail) return too_short(end.next_sequence);
    return end;
}

}  // namespace turnpike
