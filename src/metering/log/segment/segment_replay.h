#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string_view>
#include <variant>

#include "base/error.h"
#include "metering/log/segment/sealed_segment.h"
#include "metering/log/segment/segment_file.h"

namespace turnpike {

/// Frames [from, until). A sealed segment is read whole if any of its frames is among them.
struct SequenceRange {
    std::uint64_t from = 1;
    std::uint64_t until = std::numeric_limits<std::uint64_t>::max();
};

struct SegmentReader {
    /// Records in the order of the log.
    /// \param sequence  of their frame; of a sealed segment, its last one
    std::function<Result<std::monostate>(std::uint64_t sequence, std::string_view records)> records;
    /// When it is set, it is given the events of sealed segments, in the order in which they lie
    /// there, and `records` nothing of these: many times quicker.
    std::function<Result<std::monostate>(std::span<const SealedEvent> events)> events = {};
    /// Then it is set too, and given all else that they say.
    SealedSegment::SeeStory story = {};
};

/// Reads segments in order; they must join, and hold everything from `range.from` on.
/// \param segments  all that there are, as list_segments() gives them
/// \return where the last one that was read ends; at `range.from` when there is none
/// Errors: the reader's; Unavailable "usage_log.damaged", with file and place;
///         "usage_log.unreachable"; those of SealedSegment.
Result<SegmentEnd> read_segments(std::span<const SegmentPlace> segments, const SequenceRange& range,
                                 const SegmentReader& reader);

}  // namespace turnpike
