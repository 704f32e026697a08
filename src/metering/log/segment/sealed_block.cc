#include "metering/log/segment/sealed_block.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include <zstd.h>

#include "base/check.h"
#include "crypto/crc32c.h"
#include "metering/log/records/leb128.h"
#include "metering/log/records/packed_uuid.h"

namespace turnpike {
namespace {

static_assert(std::endian::native == std::endian::little, "words are written as they lie");

constexpr int kCompressionLevel = 3;
constexpr std::uint64_t kIdIsUuid = 0;  ///< instead of an id's length and one
/// Columns that few blocks have.
constexpr std::uint64_t kHasUnique = 1, kHasCounts = 2, kHasProperties = 4;

/// The first bytes of a block, as they lie.
struct Head {
    std::uint32_t crc;
    std::uint32_t rows;
    std::uint32_t numbers, numbers_stored;
    std::uint32_t texts, texts_stored;
    std::uint32_t contents;
};
static_assert(sizeof(Head) == kSealedBlockHeadBytes, "it has no gaps");

/// A block's three parts, not compressed.
struct Parts {
    std::uint32_t rows = 0;
    std::string numbers{}, texts{}, contents{};
};

std::span<const std::byte> bytes_in(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::uint32_t crc_of(std::string_view block, std::uint64_t offset) {
    std::array<std::byte, sizeof offset> place{};
    std::memcpy(place.data(), &offset, sizeof offset);
    return extend_crc32c(crc32c(place), bytes_in(block.substr(sizeof(std::uint32_t))));
}

/// \return how many bytes were appended
std::uint32_t append_compressed(std::string& out, std::string_view bytes) {
    const std::size_t begin = out.size();
    out.resize(begin + ZSTD_compressBound(bytes.size()));
    const std::size_t stored = ZSTD_compress(out.data() + begin, out.size() - begin, bytes.data(),
                                             bytes.size(), kCompressionLevel);
    check(ZSTD_isError(stored) == 0, "compression has the space that it asked for");
    out.resize(begin + stored);
    return static_cast<std::uint32_t>(stored);
}

std::string block_of(const Parts& parts, std::uint64_t offset) {
    check(parts.numbers.size() <= kSealedColumnBytesMax &&
              parts.texts.size() <= kSealedColumnBytesMax,
          "a block's parts have a size");
    std::string block(sizeof(Head), '\0');
    Head head{};
    head.rows = parts.rows;
    head.numbers = static_cast<std::uint32_t>(parts.numbers.size());
    head.texts = static_cast<std::uint32_t>(parts.texts.size());
    head.contents = static_cast<std::uint32_t>(parts.contents.size());
    head.numbers_stored = append_compressed(block, parts.numbers);
    head.texts_stored = append_compressed(block, parts.texts);
    block += parts.contents;
    std::memcpy(block.data(), &head, sizeof head);
    head.crc = crc_of(block, offset);
    std::memcpy(block.data(), &head, sizeof head);
    return block;
}

bool decompress(std::string_view stored, std::span<char> into) {
    return ZSTD_decompress(into.data(), into.size(), stored.data(), stored.size()) == into.size();
}

struct OpenBlock {
    std::uint32_t rows = 0;
    std::vector<char> numbers, texts;
    std::string_view contents;
};

std::optional<OpenBlock> open_block(std::string_view bytes, std::uint64_t offset) {
    Head head{};
    if (bytes.size() < sizeof head) return std::nullopt;
    std::memcpy(&head, bytes.data(), sizeof head);
    if (head.crc != crc_of(bytes, offset) || head.rows > kSealedRowsMax ||
        head.numbers > kSealedColumnBytesMax || head.texts > kSealedColumnBytesMax)
        return std::nullopt;
    NumberReader parts(bytes.substr(sizeof head));
    const auto numbers = parts.text(head.numbers_stored);
    const auto texts = parts.text(head.texts_stored);
    OpenBlock block;
    block.rows = head.rows;
    block.contents = parts.text(head.contents);
    if (parts.is_bad() || !parts.rest().empty()) return std::nullopt;
    block.numbers.resize(head.numbers);
    block.texts.resize(head.texts);
    if (!decompress(numbers, block.numbers) || !decompress(texts, block.texts)) return std::nullopt;
    return block;
}

// Columns. Each row's number is told by its difference from the row before, where that is small.

void put_counters(std::string& out, std::span<const SealedEvent> events) {
    std::uint32_t last = 0;
    for (auto rest = events; !rest.empty();) {
        const std::uint32_t counter = rest.front().record.counter;
        const auto other = std::ranges::find_if(
            rest, [&](const SealedEvent& event) { return event.record.counter != counter; });
        const auto count = static_cast<std::size_t>(other - rest.begin());
        put_number(out, counter - last);
        put_number(out, count);
        last = counter;
        rest = rest.subspan(count);
    }
}

bool read_counters(NumberReader& in, std::span<SealedEvent> events) {
    std::uint64_t counter = 0;
    for (auto rest = events; !rest.empty();) {
        counter += in.index();
        const std::uint64_t count = in.number();
        if (in.is_bad() || count == 0 || count > rest.size() || counter > UINT32_MAX) return false;
        for (SealedEvent& event : rest.first(count))
            event.record.counter = static_cast<std::uint32_t>(counter);
        rest = rest.subspan(count);
    }
    return true;
}

/// Where an event would stand if it followed `before` at once.
LogPlace expected_place(const SealedEvent& before, std::uint64_t arrival) {
    return {arrival, arrival == before.place.arrival ? before.place.position + 1 : 0};
}

void put_places(std::string& out, std::span<const SealedEvent> events) {
    SealedEvent before{};
    for (const SealedEvent& event : events) {
        put_signed(out, static_cast<std::int64_t>(event.place.arrival - before.place.arrival));
        before.place.arrival = event.place.arrival;
    }
    before = {};
    for (const SealedEvent& event : events) {
        const LogPlace expected = expected_place(before, event.place.arrival);
        put_signed(out, static_cast<std::int64_t>(event.place.position - expected.position));
        before = event;
    }
    before = {};
    for (const SealedEvent& event : events) {
        if (event.place.arrival == before.place.arrival) continue;
        put_signed(out, distance_between(before.received_at, event.received_at));
        before = event;
    }
}

void read_places(NumberReader& in, std::span<SealedEvent> events) {
    SealedEvent before{};
    for (SealedEvent& event : events) {
        event.place.arrival = before.place.arrival + static_cast<std::uint64_t>(in.signed_number());
        before.place.arrival = event.place.arrival;
    }
    before = {};
    for (SealedEvent& event : events) {
        const LogPlace expected = expected_place(before, event.place.arrival);
        event.place.position = expected.position + static_cast<std::uint64_t>(in.signed_number());
        before = event;
    }
    before = {};
    for (SealedEvent& event : events) {
        event.received_at = before.received_at;
        if (event.place.arrival == before.place.arrival) continue;
        event.received_at = moved_by(before.received_at, in.signed_number());
        before = event;
    }
}

void put_facts(std::string& out, std::span<const SealedEvent> events) {
    for (const SealedEvent& event : events)
        put_signed(out, distance_between(event.received_at, event.record.time));
    for (const SealedEvent& event : events) put_number(out, event.record.source);
    for (const SealedEvent& event : events) put_signed(out, event.record.quantity.scaled());
    for (const SealedEvent& event : events) put_number(out, event.record.latency_us ? 1 : 0);
    for (const SealedEvent& event : events)
        if (event.record.latency_us) put_signed(out, *event.record.latency_us);
}

void read_facts(NumberReader& in, std::span<SealedEvent> events) {
    for (SealedEvent& event : events)
        event.record.time = moved_by(event.received_at, in.signed_number());
    for (SealedEvent& event : events) event.record.source = in.index();
    for (SealedEvent& event : events)
        event.record.quantity = Quantity::from_scaled(in.signed_number());
    for (SealedEvent& event : events)
        if (in.number() != 0) event.record.latency_us = 0;
    for (SealedEvent& event : events)
        if (event.record.latency_us) event.record.latency_us = in.signed_number();
}

void put_ids(Parts& parts, std::span<const SealedEvent> events) {
    for (const SealedEvent& event : events) {
        const std::string_view id = event.record.id;
        if (const auto packed = pack_uuid(id)) {
            put_number(parts.numbers, kIdIsUuid);
            parts.texts.append(packed->data(), packed->size());
        } else {
            put_number(parts.numbers, id.size() + 1);
            parts.texts += id;
        }
    }
}

/// Ids that are written as they are, are parts of `texts`; the others' texts are made in `made`.
bool read_ids(NumberReader& in, NumberReader& rest, std::vector<char>& made,
              std::span<SealedEvent> events) {
    made.resize(events.size() * kUuidTextBytes);
    auto space = std::span(made);
    for (SealedEvent& event : events) {
        const std::uint64_t length = in.number();
        if (length != kIdIsUuid) {
            event.record.id = rest.text(length - 1);
            continue;
        }
        const auto packed = rest.text(kPackedUuidBytes);
        if (rest.is_bad()) return false;
        const auto text = space.first<kUuidTextBytes>();
        unpack_uuid(packed, text);
        event.record.id = {text.data(), text.size()};
        space = space.subspan(kUuidTextBytes);
    }
    return !rest.is_bad();
}

void put_texts(Parts& parts, std::span<const SealedEvent> events,
               std::string_view EventRecord::* text) {
    for (const SealedEvent& event : events) {
        put_number(parts.numbers, (event.record.*text).size());
        parts.texts += event.record.*text;
    }
}

/// What the columns before leave out; nothing for events that say no more.
void put_rare(Parts& parts, std::span<const SealedEvent> events) {
    std::uint64_t columns = 0;
    for (const auto& [place, received_at, record] : events)
        columns |= (record.unique ? kHasUnique : 0) | (record.more.empty() ? 0 : kHasCounts) |
                   (record.properties.empty() ? 0 : kHasProperties);
    if (columns == 0) return;
    put_number(parts.numbers, columns);
    if ((columns & kHasUnique) != 0) {
        for (const SealedEvent& event : events) {
            put_number(parts.numbers, event.record.unique ? 1 : 0);
            if (event.record.unique) put_hash(parts.contents, *event.record.unique);
        }
    }
    if ((columns & kHasCounts) != 0) put_texts(parts, events, &EventRecord::more);
    if ((columns & kHasProperties) != 0) put_texts(parts, events, &EventRecord::properties);
}

/// \param hashes  behind the contents
bool read_rare(NumberReader& in, NumberReader& texts, NumberReader& hashes,
               std::span<SealedEvent> events) {
    if (in.rest().empty()) return true;
    const std::uint64_t columns = in.number();
    if (columns == 0 || (columns & ~(kHasUnique | kHasCounts | kHasProperties)) != 0) return false;
    if ((columns & kHasUnique) != 0)
        for (SealedEvent& event : events)
            if (in.number() != 0) event.record.unique = read_hash(hashes);
    if ((columns & kHasCounts) != 0) {
        for (SealedEvent& event : events) {
            event.record.more = texts.text(in.number());
            const auto& [more, first] = std::pair(event.record.more, event.record.quantity);
            if (!more.empty() && !is_count_list(more, first)) return false;
        }
    }
    if ((columns & kHasProperties) != 0)
        for (SealedEvent& event : events) event.record.properties = texts.text(in.number());
    return !in.is_bad() && !texts.is_bad() && !hashes.is_bad();
}

void put_contents(std::string& out, std::span<const SealedEvent> events) {
    for (const SealedEvent& event : events) {
        std::array<char, sizeof event.record.content> content{};
        std::memcpy(content.data(), &event.record.content, content.size());
        out.append(content.data(), content.size());
    }
}

}  // namespace

std::string encode_events(std::span<const SealedEvent> events, std::uint64_t offset) {
    check(events.size() <= kSealedRowsMax, "a block has so many rows at most");
    Parts parts{.rows = static_cast<std::uint32_t>(events.size())};
    put_counters(parts.numbers, events);
    put_places(parts.numbers, events);
    put_facts(parts.numbers, events);
    put_ids(parts, events);
    put_contents(parts.contents, events);
    put_rare(parts, events);
    return block_of(parts, offset);
}

std::optional<EventBlock> EventBlock::decode(std::string_view bytes, std::uint64_t offset) {
    auto opened = open_block(bytes, offset);
    if (!opened || opened->contents.size() < opened->rows * sizeof(EventRecord::content))
        return std::nullopt;
    EventBlock block;
    block.events_.resize(opened->rows);
    NumberReader in(std::string_view(opened->numbers.data(), opened->numbers.size()));
    if (!read_counters(in, block.events_)) return std::nullopt;
    read_places(in, block.events_);
    read_facts(in, block.events_);
    block.texts_ = std::move(opened->texts);
    NumberReader texts(std::string_view(block.texts_.data(), block.texts_.size()));
    NumberReader hashes(opened->contents.substr(opened->rows * sizeof(EventRecord::content)));
    if (!read_ids(in, texts, block.made_, block.events_) ||
        !read_rare(in, texts, hashes, block.events_))
        return std::nullopt;
    if (in.is_bad() || !in.rest().empty() || !texts.rest().empty() || !hashes.rest().empty())
        return std::nullopt;
    for (SealedEvent& event : block.events_) {
        std::memcpy(&event.record.content, opened->contents.data(), sizeof event.record.content);
        opened->contents.remove_prefix(sizeof event.record.content);
    }
    return block;
}

std::string encode_story(std::span<const StoryRecord> story, std::uint64_t offset) {
    check(story.size() <= kSealedRowsMax, "a block has so many rows at most");
    Parts parts{.rows = static_cast<std::uint32_t>(story.size())};
    std::uint64_t before = 0;
    for (const StoryRecord& told : story) {
        put_number(parts.numbers, told.events_before - before);
        put_number(parts.numbers, told.in_arrival ? 1 : 0);
        before = told.events_before;
        write_record(parts.texts, told.record, Instant{});
    }
    return block_of(parts, offset);
}

std::optional<StoryBlock> StoryBlock::decode(std::string_view bytes, std::uint64_t offset) {
    auto opened = open_block(bytes, offset);
    if (!opened || !opened->contents.empty()) return std::nullopt;
    StoryBlock block;
    block.texts_ = std::move(opened->texts);
    NumberReader in(std::string_view(opened->numbers.data(), opened->numbers.size()));
    RecordReader records(std::string_view(block.texts_.data(), block.texts_.size()));
    std::uint64_t events_before = 0;
    for (std::uint32_t row = 0; row < opened->rows; ++row) {
        events_before += in.number();
        const bool in_arrival = in.number() != 0;
        auto record = records.next();
        if (!record || std::holds_alternative<EventRecord>(*record)) return std::nullopt;
        block.story_.push_back({events_before, in_arrival, *std::move(record)});
    }
    if (records.next() || records.is_bad() || in.is_bad() || !in.rest().empty())
        return std::nullopt;
    return block;
}

}  // namespace turnpike
