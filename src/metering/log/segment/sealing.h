#pragma once

#include <cstdint>
#include <variant>

#include "base/error.h"
#include "metering/log/segment/segment_file.h"

namespace turnpike {

/// Puts a sealed segment in the place of a finished one. It is written, synced and renamed; read
/// again and held against the log; and only then the log's file goes. After a crash between any two
/// of these steps the log's file is still what counts (see list_segments()), and the next call goes
/// on. Runs for a second or so per 64 MiB, and takes the memory of the segment twice.
///
/// \param log            a segment behind which there is another one
/// \param next_sequence  where that one begins
/// Errors: Unavailable "usage_log.damaged", "usage_log.unreachable", "file.refused"; the
///         log's file is still there then.
Result<std::monostate> seal_segment(const SegmentPlace& log, std::uint64_t next_sequence);

}  // namespace turnpike
