// The first byte chooses: 0 is any file at all; 1 a file whose header, index and checksums are set
// right first, so that the fuzzer reaches the blocks; 2 one block of events; 3 one of the story.
// Either it is refused by name, or everything that it says can be read.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "crypto/crc32c.h"
#include "memory_file.h"
#include "metering/log/segment/sealed_segment.h"

namespace {

using namespace turnpike;

constexpr std::uint64_t kOffset = sizeof(SealedHeader);

/// What a writer would have put there.
void set_checksum(std::span<char> block, std::uint64_t offset) {
    if (block.size() < kSealedBlockHeadBytes) return;
    std::uint32_t crc = extend_crc32c(crc32c(std::as_bytes(std::span(&offset, 1))),
                                      std::as_bytes(block.subspan(sizeof crc)));
    std::memcpy(block.data(), &crc, sizeof crc);
}

/// One block of events with the rest of a file around it.
std::string file_around(std::string block) {
    set_checksum(block, kOffset);
    SealedBlockPlace place{.offset = kOffset, .bytes = static_cast<std::uint32_t>(block.size())};
    if (const auto events = EventBlock::decode(block, kOffset); events && !events->events().empty())
        place = place_of(events->events(), kOffset, block.size());
    SealedHeader header;
    header.first_sequence = 1;
    header.next_sequence = 2;
    header.events = place.rows;
    header.index_offset = kOffset + block.size();
    header.event_blocks = 1;
    header.index_crc = crc32c(std::as_bytes(std::span(&place, 1)));
    header.crc = crc_of(header);
    std::string file(sizeof header, '\0');
    std::memcpy(file.data(), &header, sizeof header);
    file += block;
    file.append(sizeof place, '\0');
    std::memcpy(file.data() + header.index_offset, &place, sizeof place);
    return file;
}

template <class T>
void check_refusal(const Result<T>& refused, const std::string& path) {
    check(refused.error().reason == Reason("usage_log.damaged"), "it is damaged");
    check(refused.error().message.starts_with(path), "the message names the file");
}

void read_file(const std::string& path) {
    const auto segment = SealedSegment::open(path);
    if (!segment) return check_refusal(segment, path);
    std::uint64_t records = 0;
    const auto visited =
        segment->visit_records([&](std::string_view piece) -> Result<std::monostate> {
            RecordReader reader(piece);
            while (reader.next()) ++records;
            check(!reader.is_bad(), "what a file says can be read");
            return std::monostate{};
        });
    if (!visited) return check_refusal(visited, path);
    check(records >= segment->header().events, "it has as many events as it says");
}

/// What was read can be written, and says the same then.
void read_events(std::string block) {
    set_checksum(block, kOffset);
    const auto read = EventBlock::decode(block, kOffset);
    if (!read) return;
    const auto is_sorted = std::ranges::is_sorted(
        read->events(), {}, [](const SealedEvent& event) { return event.record.counter; });
    check(is_sorted, "counters rise");
    const auto again = encode_events(read->events(), kOffset);
    const auto same = EventBlock::decode(again, kOffset);
    check(same.has_value(), "what was read can be written");
    const auto equal = [](const SealedEvent& a, const SealedEvent& b) {
        return a.place == b.place && a.record == b.record;
    };
    check(std::ranges::equal(read->events(), same->events(), equal), "it says the same");
}

void read_story(std::string block) {
    set_checksum(block, kOffset);
    const auto read = StoryBlock::decode(block, kOffset);
    if (!read) return;
    check(StoryBlock::decode(encode_story(read->story(), kOffset), kOffset).has_value(),
          "what was read can be written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string bytes(data + 1, data + size);
    if (data[0] == 2) {
        read_events(bytes);
    } else if (data[0] == 3) {
        read_story(bytes);
    } else {
        const std::string around = data[0] == 0 ? std::string(bytes) : file_around(bytes);
        const MemoryFile memory(std::as_bytes(std::span(around)));
        read_file(memory.path());
    }
    return 0;
}
