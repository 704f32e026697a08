#include "metering/log/segment/sealed_segment.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "crypto/crc32c.h"
#include "metering/log/segment/sealed_records.h"

namespace turnpike {
namespace {

/// More blocks than any segment has; a wrong number must not take all memory.
constexpr std::uint64_t kBlocksMax = std::uint64_t{1} << 24;

std::unexpected<Error> damaged(const std::string& path, std::uint64_t offset) {
    return fail(ErrorCode::Unavailable, "usage_log.damaged",
                fmt::format("{} is damaged at byte {}; restore it from a backup", path, offset));
}

bool is_sound(const SealedHeader& header, std::uint64_t file_bytes) {
    const std::uint64_t blocks = std::uint64_t{header.event_blocks} + header.story_blocks;
    return header.magic == sealed_format::kMagic && header.version == sealed_format::kVersion &&
           header.crc == crc_of(header) && header.first_sequence < header.next_sequence &&
           blocks <= kBlocksMax && header.index_offset <= file_bytes &&
           file_bytes - header.index_offset == blocks * sizeof(SealedBlockPlace);
}

/// Blocks lie one behind the other from the header to the index.
bool is_sound(std::span<const SealedBlockPlace> index, const SealedHeader& header) {
    std::uint64_t offset = sizeof header, events = 0;
    for (std::size_t i = 0; i < index.size(); ++i) {
        if (index[i].offset != offset || index[i].rows > kSealedRowsMax) return false;
        offset += index[i].bytes;
        if (i < header.event_blocks) events += index[i].rows;
    }
    return offset == header.index_offset && events == header.events;
}

/// The index can say what is not so only when its checksum was made to fit.
bool agrees(const SealedBlockPlace& place, std::span<const SealedEvent> events) {
    if (events.empty()) return false;
    const auto own = place_of(events, place.offset, place.bytes);
    return std::memcmp(&own, &place, sizeof own) == 0;
}

}  // namespace

std::uint32_t crc_of(const SealedHeader& header) {
    return crc32c(std::as_bytes(std::span(&header, 1)).first<offsetof(SealedHeader, crc)>());
}

SealedBlockPlace place_of(std::span<const SealedEvent> events, std::uint64_t offset,
                          std::size_t bytes) {
    const auto [first, last] = std::ranges::minmax(
        events, {}, [](const SealedEvent& event) { return event.place.arrival; });
    const auto [early, late] =
        std::ranges::minmax(events, {}, [](const SealedEvent& event) { return event.received_at; });
    return {.offset = offset,
            .arrival_first = first.place.arrival,
            .arrival_last = last.place.arrival,
            .received_first = unix_micros(early.received_at),
            .received_last = unix_micros(late.received_at),
            .bytes = static_cast<std::uint32_t>(bytes),
            .rows = static_cast<std::uint32_t>(events.size()),
            .counter_first = events.front().record.counter,
            .counter_last = events.back().record.counter};
}

SealedBlockPlace place_of(std::span<const StoryRecord> story, std::uint64_t offset,
                          std::size_t bytes) {
    SealedBlockPlace place{.offset = offset,
                           .bytes = static_cast<std::uint32_t>(bytes),
                           .rows = static_cast<std::uint32_t>(story.size())};
    for (const StoryRecord& told : story) {
        const auto* correction = std::get_if<CorrectionRecord>(&told.record);
        if (correction == nullptr) continue;
        if (place.arrival_first == 0) place.arrival_first = correction->place.arrival;
        place.arrival_last = correction->place.arrival;
    }
    return place;
}

bool may_hold_any(const SealedBlockPlace& block, std::span<const std::uint32_t> counters) {
    const auto at = std::ranges::lower_bound(counters, block.counter_first);
    return at != counters.end() && *at <= block.counter_last;
}

SealedSegment::SealedSegment(DurableFile file, const SealedHeader& header,
                             std::vector<SealedBlockPlace> index)
    : file_(std::move(file)), header_(header), index_(std::move(index)) {}

std::unexpected<Error> SealedSegment::damaged_at(std::uint64_t offset) const {
    return damaged(path(), offset);
}

Result<SealedSegment> SealedSegment::open(const std::string& path) {
    auto file = DurableFile::open(path);
    if (!file) return failure(file);
    SealedHeader header;
    if (file->size_bytes() < sizeof header) return damaged(path, 0);
    const auto read = file->read_at(0, std::as_writable_bytes(std::span(&header, 1)));
    if (!read) return failure(read);
    if (!is_sound(header, file->size_bytes())) return damaged(path, 0);
    std::vector<SealedBlockPlace> index(std::size_t{header.event_blocks} + header.story_blocks);
    const auto bytes = std::as_writable_bytes(std::span(index));
    const auto read_index = file->read_at(header.index_offset, bytes);
    if (!read_index) return failure(read_index);
    if (crc32c(bytes) != header.index_crc || !is_sound(index, header))
        return damaged(path, header.index_offset);
    return SealedSegment(*std::move(file), header, std::move(index));
}

Result<std::string> SealedSegment::read_block(const SealedBlockPlace& place) const {
    std::string bytes(place.bytes, '\0');
    const auto read = file_.read_at(place.offset, std::as_writable_bytes(std::span(bytes)));
    if (!read) return failure(read);
    return bytes;
}

Result<EventBlock> SealedSegment::read_events(const SealedBlockPlace& place) const {
    const auto bytes = read_block(place);
    if (!bytes) return failure(bytes);
    auto block = EventBlock::decode(*bytes, place.offset);
    if (!block || !agrees(place, block->events())) return damaged_at(place.offset);
    return *std::move(block);
}

Result<StoryBlock> SealedSegment::read_story(const SealedBlockPlace& place) const {
    const auto bytes = read_block(place);
    if (!bytes) return failure(bytes);
    auto block = StoryBlock::decode(*bytes, place.offset);
    if (!block || block->story().size() != place.rows) return damaged_at(place.offset);
    return *std::move(block);
}

Result<std::monostate> SealedSegment::visit_corrections(std::uint64_t after,
                                                        const SeeCorrection& visit) const {
    for (const SealedBlockPlace& place : story_blocks()) {
        if (place.arrival_last <= after) continue;
        const auto block = read_story(place);
        if (!block) return failure(block);
        for (const StoryRecord& told : block->story())
            if (const auto* correction = std::get_if<CorrectionRecord>(&told.record))
                if (correction->place.arrival > after) visit(*correction);
    }
    return std::monostate{};
}

Result<std::monostate> SealedSegment::visit_story(const SeeStory& visit) const {
    for (const SealedBlockPlace& place : story_blocks()) {
        const auto block = read_story(place);
        if (!block) return failure(block);
        if (const auto seen = visit(block->story()); !seen) return failure(seen);
    }
    return std::monostate{};
}

Result<std::monostate> SealedSegment::visit_records(const Visitor& visit) const {
    std::uint32_t crc = 0;
    RecordPieces pieces([&](std::string_view piece) {
        crc = extend_crc32c(crc, std::as_bytes(std::span(piece)));
        return visit(piece);
    });
    std::vector<StoryBlock> story;
    for (const SealedBlockPlace& place : story_blocks()) {
        auto block = read_story(place);
        if (!block) return failure(block);
        story.push_back(*std::move(block));
    }
    for (const SealedBlockPlace& place : event_blocks()) {
        const auto block = read_events(place);
        if (!block) return failure(block);
        pieces.add_events(block->events());
    }
    for (const StoryBlock& block : story) pieces.add_story(block.story());
    const auto visited = pieces.give();
    if (!visited) return failure(visited);
    if (crc != header_.records_crc) return damaged_at(offsetof(SealedHeader, records_crc));
    return std::monostate{};
}

}  // namespace turnpike
