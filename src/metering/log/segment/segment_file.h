#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"

namespace turnpike {

/// Segments of the usage log are files "<first sequence, 20 digits>.log" in one directory, frames
/// from the first byte on. What a segment says never changes once the next one exists; it becomes
/// a ".sealed" then (sealing.h).
std::string segment_name(std::uint64_t first_sequence);
/// "<sequence, 20 digits><suffix>", as the log names its files: in the order of their sequences.
std::string sequence_name(std::uint64_t sequence, std::string_view suffix);

enum class SegmentForm : std::uint8_t { Log, Sealed };

struct SegmentPlace {
    std::string path;
    std::uint64_t first_sequence = 0;
    SegmentForm form = SegmentForm::Log;
};
/// Where a segment is when it is sealed.
std::string sealed_path(const SegmentPlace& place);

/// In order of their sequences, each once: a sealed segment counts only when its ".log" is gone.
/// Errors: Unavailable "usage_log.unreachable".
Result<std::vector<SegmentPlace>> list_segments(const std::string& directory);

/// Where the frames of a segment end.
struct SegmentEnd {
    enum class State : std::uint8_t {
        Clean,    ///< zeros, or the end of the file
        Torn,     ///< what a crash left of a frame that nobody was told of
        Damaged,  ///< a bad frame with good ones behind it
    };
    State state = State::Clean;
    std::uint64_t next_sequence = 0;
    std::size_t offset = 0;  ///< of the end, or of the bad frame
};
/// Each frame's payload; an error stops the scan and is passed on.
using FrameVisitor =
    std::function<Result<std::monostate>(std::uint64_t sequence, std::string_view payload)>;

/// Visits the frames with sequence `from` and later.
/// Errors: the visitor's; Unavailable "usage_log.unreachable".
Result<SegmentEnd> scan_segment(const SegmentPlace& segment, std::uint64_t from,
                                const FrameVisitor& visit);

/// Visits the frames up to this sequence, which are whole, and looks at nothing behind them: the
/// segment may be written to meanwhile.
/// Errors: the visitor's; Unavailable "usage_log.unreachable", "usage_log.damaged".
Result<std::monostate> read_segment(const SegmentPlace& segment, std::uint64_t last_sequence,
                                    const FrameVisitor& visit);

/// Where a frame begins in its segment.
struct FramePlace {
    std::uint64_t sequence = 0;
    std::size_t offset = 0;
};
/// The same from a frame on whose place is known, so that what was read before is not read again.
/// \param has_enough  asked before each frame
/// \return behind the last frame that was visited
/// Errors: as read_segment; "usage_log.damaged" also when the frame is not at its place.
Result<FramePlace> read_segment_from(const SegmentPlace& segment, const FramePlace& from,
                                     std::uint64_t last_sequence, const FrameVisitor& visit,
                                     const std::function<bool()>& has_enough);

/// A segment that is written to. Its space is allocated before, so that a write into it cannot find
/// the disk full. One thread at a time.
class SegmentFile {
public:
    /// Space for a segment, of `bytes`, not yet part of the log. There is at most one of these in a
    /// directory; one that a crash left is replaced.
    /// Errors: Unavailable "usage_log.disk_full", "usage_log.unreachable".
    static Result<SegmentFile> allocate(const std::string& directory, std::size_t bytes);
    /// Makes it the segment that begins with this sequence; durable when it returns.
    Result<std::monostate> begin(std::uint64_t first_sequence);
    /// The last segment after a start: what a crash tore behind `end` is cut off.
    static Result<SegmentFile> reopen(const SegmentPlace& place, const SegmentEnd& end,
                                      std::size_t bytes);

    SegmentFile(SegmentFile&& other) noexcept;
    SegmentFile& operator=(SegmentFile&& other) noexcept;
    ~SegmentFile();

    /// What still fits.
    [[nodiscard]] std::size_t room() const { return bytes_ - offset_; }
    [[nodiscard]] const std::string& path() const { return path_; }

    /// Durable when it returns without an error. After an error nothing is known about these bytes,
    /// nor whether a later sync would tell the truth: the file must not be written to any more.
    /// Errors: Unavailable "usage_log.write_failed".
    Result<std::monostate> append(std::string_view frame);

private:
    SegmentFile(int descriptor, std::string path, std::size_t bytes, std::size_t offset);

    int descriptor_;
    std::string path_;
    std::size_t bytes_;
    std::size_t offset_;
};

}  // namespace turnpike
