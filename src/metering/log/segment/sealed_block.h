#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "metering/log/records/usage_record.h"

namespace turnpike {

/// An event with its place, so that a block of them says everything without the rest of its file.
struct SealedEvent {
    LogPlace place;
    Instant received_at;
    EventRecord record;
};

/// Any record but an event, and where it stands: behind so many events of its segment. Between two
/// arrivals, those that belong to the second one are `in_arrival` and follow its record.
struct StoryRecord {
    std::uint64_t events_before = 0;
    bool in_arrival = false;
    UsageRecord record;
};

/// A block of a sealed segment. Whole numbers are little-endian:
///
///     u32  CRC-32C of the block's offset in the file (8 bytes), and of everything that follows
///     u32  rows
///     u32  bytes of the numbers; as they are stored     (zstd)
///     u32  bytes of the texts; as they are stored       (zstd)
///     u32  bytes of the contents, which no compression makes smaller
///     ...  numbers, texts, contents
///
/// The numbers are columns, one behind the other. Of events: counters (difference, run length),
/// arrivals, positions, times of arrival, times, sources, quantities, latencies, lengths of ids;
/// their texts are the ids, a canonical UUID as its 16 bytes. Where any event has them, their
/// columns follow, with a number before them that says which: hashes of values (which rows have
/// one; they are contents), lengths of lists of counts, and of properties. Of the story: places;
/// its texts are records as usage_record.h writes them.
inline constexpr std::size_t kSealedBlockHeadBytes = 28;
inline constexpr std::size_t kSealedRowsMax = 1024;
/// No block needs more: kSealedRowsMax events with ids of 255 bytes, kUsageCountsMax counts and
/// kEventPropertiesMax bytes of properties, or names as long.
inline constexpr std::size_t kSealedColumnBytesMax = std::size_t{8} << 20;

/// At most kSealedRowsMax rows. Events are in the order of counter, then place.
std::string encode_events(std::span<const SealedEvent> events, std::uint64_t offset);
std::string encode_story(std::span<const StoryRecord> story, std::uint64_t offset);

/// What a block says. Texts are parts of it: it can be moved, not copied. Any bytes are safe.
class EventBlock {
public:
    /// nullopt when the bytes are no block of events that was written at this offset.
    static std::optional<EventBlock> decode(std::string_view bytes, std::uint64_t offset);
    [[nodiscard]] std::span<const SealedEvent> events() const { return events_; }

    EventBlock(EventBlock&&) = default;
    EventBlock& operator=(EventBlock&&) = default;

private:
    EventBlock() = default;
    std::vector<char> texts_, made_;  // what ids are parts of; a moved vector keeps its bytes
    std::vector<SealedEvent> events_;
};

class StoryBlock {
public:
    static std::optional<StoryBlock> decode(std::string_view bytes, std::uint64_t offset);
    [[nodiscard]] std::span<const StoryRecord> story() const { return story_; }

    StoryBlock(StoryBlock&&) = default;
    StoryBlock& operator=(StoryBlock&&) = default;

private:
    StoryBlock() = default;
    std::vector<char> texts_;
    std::vector<StoryRecord> story_;
};

}  // namespace turnpike
