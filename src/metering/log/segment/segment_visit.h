#pragma once

#include <cstdint>
#include <functional>
#include <variant>

#include "base/error.h"
#include "metering/log/segment/sealed_segment.h"
#include "metering/log/segment/segment_file.h"

namespace turnpike {

/// Who looks for something in a segment. What it is shown is good until it returns.
struct SegmentVisitor {
    /// Whether any event of the block may be of interest.
    std::function<bool(const SealedBlockPlace& block)> wants;
    std::function<void(const SealedEvent& event)> event;
    std::function<void(const CorrectionRecord& correction)> correction;
};

/// Shows events and corrections, in any order. A segment that is not sealed is read up to the frame
/// `last_sequence`, and whole; of a sealed one, the blocks that are wanted.
/// Errors: Unavailable "usage_log.unreachable", "usage_log.damaged"; those of SealedSegment.
Result<std::monostate> visit_segment(const SegmentPlace& segment, std::uint64_t last_sequence,
                                     const SegmentVisitor& visitor);

}  // namespace turnpike
