#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"
#include "metering/log/segment/sealed_block.h"

namespace turnpike {

/// How far somebody has read the log: the events and corrections of all arrivals up to
/// `last_arrival`, which are those of the frames before `next_sequence`. A mark holds for ever:
/// sealing changes no arrival.
struct LogMark {
    std::uint64_t next_sequence = 1;
    std::uint64_t last_arrival = 0;
    /// Where that frame begins in its segment, or would; of no meaning when it is the first of
    /// one. What was read is not read again.
    std::size_t offset = 0;
    friend bool operator==(const LogMark&, const LogMark&) = default;
};

struct LogFollower {
    /// Every event behind the mark, once. Of one arrival all or none are shown, in any order.
    std::function<void(const SealedEvent& event)> event;
    /// Asked wherever the reading can end: behind each frame, and behind each sealed segment.
    std::function<bool()> has_enough;
    /// Every correction behind the mark, likewise; may be empty.
    std::function<void(const CorrectionRecord& correction)> correction{};
};

/// Reads the frames up to `last_sequence`, which are durable, behind `from`.
/// \return how far it came
/// Errors: Unavailable "usage_log.unreachable"; "usage_log.damaged", also when a frame up to
///         `last_sequence` is not there, or none is at `from`; those of SealedSegment. What was
///         shown before counts for nothing then.
Result<LogMark> follow_log(const std::string& segments, std::uint64_t last_sequence,
                           const LogMark& from, const LogFollower& follower);

}  // namespace turnpike
