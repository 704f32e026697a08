#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "metering/log/files/durable_file.h"
#include "metering/log/segment/sealed_block.h"

namespace turnpike {

/// How a sealed segment lies in its file, "<first sequence, 20 digits>.sealed": a SealedHeader;
/// blocks of events; blocks of the story, which is everything else; a SealedBlockPlace for each
/// block, the index. There is nothing between them, and nothing behind. Little-endian.
namespace sealed_format {
inline constexpr std::uint64_t kMagic = 0x3153454c4e525054;  // "TPRNLES1"
inline constexpr std::uint32_t kVersion = 1;
}  // namespace sealed_format

struct SealedHeader {
    std::uint64_t magic = sealed_format::kMagic;
    /// The frames that it stands for: [first_sequence, next_sequence).
    std::uint64_t first_sequence = 0, next_sequence = 0;
    std::uint64_t events = 0;
    std::uint64_t index_offset = 0;
    std::uint32_t event_blocks = 0, story_blocks = 0;
    std::uint32_t index_crc = 0;
    /// CRC-32C of all payloads, one behind the other, as the log had them.
    std::uint32_t records_crc = 0;
    std::uint32_t version = sealed_format::kVersion;
    std::uint32_t crc = 0;  ///< CRC-32C of all of this before it
};
static_assert(sizeof(SealedHeader) == 64, "it has no gaps");

/// Where a block is, and what of it a reader can know without reading it. Of a block of the story
/// only offset, bytes and rows are set, and the arrivals of its corrections, 0 where it has none.
struct SealedBlockPlace {
    std::uint64_t offset = 0;
    std::uint64_t arrival_first = 0, arrival_last = 0;   ///< the least and the greatest
    std::int64_t received_first = 0, received_last = 0;  ///< likewise; microseconds since 1970
    std::uint32_t bytes = 0, rows = 0;
    std::uint32_t counter_first = 0, counter_last = 0;  ///< of those that its events moved first
};
static_assert(sizeof(SealedBlockPlace) == 56, "it has no gaps");

/// A finished segment of the log in the form in which it is kept: compressed, its events in the
/// order of counter, then arrival. It says all that the segment said, and gives back its records
/// byte by byte.
///
/// Errors of all calls: Unavailable "usage_log.damaged", with file and place; Unavailable
/// "file.refused" when the system refuses. Threads: const calls may run together.
class SealedSegment {
public:
    /// Reads header and index.
    static Result<SealedSegment> open(const std::string& path);

    [[nodiscard]] const std::string& path() const { return file_.path(); }
    [[nodiscard]] const SealedHeader& header() const { return header_; }
    [[nodiscard]] std::span<const SealedBlockPlace> event_blocks() const {
        return std::span(index_).first(header_.event_blocks);
    }
    /// \param place  one of event_blocks()
    [[nodiscard]] Result<EventBlock> read_events(const SealedBlockPlace& place) const;
    /// All records but the events, in order, in pieces that are good until `visit` returns; an
    /// error of it ends this.
    using SeeStory = std::function<Result<std::monostate>(std::span<const StoryRecord> story)>;
    [[nodiscard]] Result<std::monostate> visit_story(const SeeStory& visit) const;
    /// The corrections of arrivals behind `after`, in their own order; their texts are good until
    /// `visit` returns. Blocks of the story without any are not read.
    using SeeCorrection = std::function<void(const CorrectionRecord& correction)>;
    [[nodiscard]] Result<std::monostate> visit_corrections(std::uint64_t after,
                                                           const SeeCorrection& visit) const;

    /// The records in their own order, in pieces that a RecordReader takes. Nothing is certain
    /// before it returns without an error: the last check is of everything. Needs the memory of all
    /// records once.
    using Visitor = std::function<Result<std::monostate>(std::string_view records)>;
    [[nodiscard]] Result<std::monostate> visit_records(const Visitor& visit) const;

private:
    SealedSegment(DurableFile file, const SealedHeader& header,
                  std::vector<SealedBlockPlace> index);
    [[nodiscard]] std::span<const SealedBlockPlace> story_blocks() const {
        return std::span(index_).subspan(header_.event_blocks);
    }
    [[nodiscard]] Result<std::string> read_block(const SealedBlockPlace& place) const;
    [[nodiscard]] Result<StoryBlock> read_story(const SealedBlockPlace& place) const;
    [[nodiscard]] std::unexpected<Error> damaged_at(std::uint64_t offset) const;

    DurableFile file_;
    SealedHeader header_;
    std::vector<SealedBlockPlace> index_;
};

/// What of a place an index entry says, for these events; not empty.
SealedBlockPlace place_of(std::span<const SealedEvent> events, std::uint64_t offset,
                          std::size_t bytes);

SealedBlockPlace place_of(std::span<const StoryRecord> story, std::uint64_t offset,
                          std::size_t bytes);

/// False when none of these counters, in rising order, was moved first by an event of the block:
/// an event may move others of its customer after it. True says nothing.
bool may_hold_any(const SealedBlockPlace& block, std::span<const std::uint32_t> counters);

std::uint32_t crc_of(const SealedHeader& header);

}  // namespace turnpike
