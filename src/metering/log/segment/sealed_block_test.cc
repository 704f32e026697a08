#include "metering/log/segment/sealed_block.h"

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "metering/log/records/packed_uuid.h"
#include "metering/log/segment/sealed_testing.h"

namespace turnpike {
namespace {

using testing::same;

constexpr std::uint64_t kOffset = 64;
const Instant kArrived = from_unix_seconds(1'725'148'800);

SealedEvent event_with(std::string_view id, std::uint32_t counter = 0) {
    return {.place = {7, 0},
            .received_at = kArrived,
            .record = {.counter = counter,
                       .source = 0,
                       .id = id,
                       .quantity = Quantity::whole(1),
                       .time = kArrived,
                       .latency_us = {},
                       .content = 0x89abcdef}};
}

std::vector<SealedEvent> events_in(const std::string& bytes, std::uint64_t offset = kOffset) {
    const auto block = EventBlock::decode(bytes, offset);
    EXPECT_TRUE(block);
    // Copied ids would outlive the block: tests keep theirs in `events`.
    std::vector<SealedEvent> events;
    if (block) events.assign(block->events().begin(), block->events().end());
    return events;
}

TEST(PackedUuid, IsOnlyOfTheFormThatComesBack) {
    const struct {
        const char* text;
        bool packs;
    } cases[] = {
        {"0192d3c4-8b1e-7cc3-9a00-0123456789ab", true},
        {"00000000-0000-0000-0000-000000000000", true},
        {"ffffffff-ffff-ffff-ffff-ffffffffffff", true},
        {"0192D3C4-8B1E-7CC3-9A00-0123456789AB", false},
        {"0192d3c4-8b1e-7cc3-9a00-0123456789a", false},
        {"0192d3c4-8b1e-7cc3-9a00-0123456789abc", false},
        {"0192d3c48b1e-7cc3-9a00-0123456789ab-", false},
        {"0192d3c4-8b1e-7cc3-9a00-0123456789ag", false},
        {"0192d3c4_8b1e_7cc3_9a00_0123456789ab", false},
        {"", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        const auto packed = pack_uuid(c.text);
        ASSERT_EQ(packed.has_value(), c.packs);
        if (!packed) continue;
        std::array<char, kUuidTextBytes> text{};
        unpack_uuid({packed->data(), packed->size()}, text);
        EXPECT_EQ(std::string_view(text.data(), text.size()), c.text);
    }
    EXPECT_EQ(*pack_uuid("00010203-0405-0607-0809-0a0b0c0d0eff"),
              (std::array<char, kPackedUuidBytes>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
                                                  static_cast<char>(0xff)}));
}

TEST(SealedBlock, KeepsEveryKindOfEvent) {
    const std::string longest(255, 'i'), binary("\0\xff\n", 3);
    std::vector<SealedEvent> events = {event_with("0192d3c4-8b1e-7cc3-9a00-0123456789ab"),
                                       event_with(""),
                                       event_with(longest),
                                       event_with(binary),
                                       event_with("0192D3C4-8B1E-7CC3-9A00-0123456789AB", 7),
                                       event_with("x", 7),
                                       event_with("y", UINT32_MAX)};
    events[1].place = {7, 1};
    events[2].place = {UINT64_MAX, UINT64_MAX};
    events[3].received_at = Instant::min();
    events[3].record.time = Instant::max();
    events[4].record.quantity = Quantity::from_scaled(INT64_MIN);
    events[5].record.latency_us = INT64_MIN;
    events[6].record.latency_us = 0;
    events[6].record.source = UINT32_MAX;
    events[6].record.content = UINT32_MAX;
    std::string counts;
    put_count(counts, {UINT32_MAX, Quantity::whole(2), UINT64_MAX}, Quantity::whole(1));
    events[1].record.unique = 7;
    events[1].record.more = counts;
    events[5].record.unique = UINT64_MAX;
    events[5].record.properties = R"({"region":"eu"})";
    // Events of one arrival have one time of arrival.
    events[3].place = {8, 0};
    const std::string bytes = encode_events(events, kOffset);
    const auto block = EventBlock::decode(bytes, kOffset);
    ASSERT_TRUE(block);
    EXPECT_TRUE(same(block->events(), events));
}

RC_GTEST_PROP(SealedBlock, KeepsAnyEvents, ()) {
    std::vector<std::string> ids;
    std::deque<testing::AnyRest> rests;
    const auto events = testing::any_sealed_events(ids, rests);
    const std::string bytes = encode_events(events, kOffset);
    const auto block = EventBlock::decode(bytes, kOffset);
    RC_ASSERT(block.has_value());
    RC_ASSERT(same(block->events(), events));
}

TEST(SealedBlock, KeepsTheStory) {
    const std::vector<StoryRecord> story = {
        {0, false, NameRecord{NameTable::Source, "nobody"}},
        {0, true, NameRecord{NameTable::Customer, "cus_a"}},
        {3, true, NameRecord{NameTable::Subscription, ""}},
        {3, true, AllowanceRecord{1, 2, 3, 4, 5, {kArrived, kArrived}, Quantity::whole(9), {}, 12}},
        {900, false, ArrivalRecord{7, kArrived}},
    };
    const std::string bytes = encode_story(story, kOffset);
    const auto block = StoryBlock::decode(bytes, kOffset);
    ASSERT_TRUE(block);
    ASSERT_EQ(block->story().size(), story.size());
    for (std::size_t i = 0; i < story.size(); ++i) {
        SCOPED_TRACE(i);
        EXPECT_EQ(block->story()[i].events_before, story[i].events_before);
        EXPECT_EQ(block->story()[i].in_arrival, story[i].in_arrival);
        EXPECT_EQ(block->story()[i].record, story[i].record);
    }
}

TEST(SealedBlock, NoDamageIsOverlooked) {
    const std::vector<SealedEvent> events = {event_with("a"), event_with("b"), event_with("c", 3)};
    const std::string good = encode_events(events, kOffset);
    EXPECT_EQ(events_in(good).size(), 3U);
    EXPECT_FALSE(EventBlock::decode(good, kOffset + 1)) << "a block of another place";
    EXPECT_FALSE(EventBlock::decode(good + "x", kOffset));
    EXPECT_FALSE(EventBlock::decode("", kOffset));
    EXPECT_FALSE(StoryBlock::decode(good, kOffset)) << "events are no story";
    EXPECT_FALSE(EventBlock::decode(encode_story({}, kOffset), kOffset + 8));
    for (std::size_t at = 0; at < good.size(); ++at) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x10);
        EXPECT_FALSE(EventBlock::decode(bad, kOffset)) << "byte " << at;
        EXPECT_FALSE(EventBlock::decode(good.substr(0, at), kOffset)) << "cut at " << at;
    }
}

/// 1,000 events of one request with UUIDs: 16 bytes of id, 4 of content, and nearly nothing for
/// counters, places and quantities, which all follow from the row before. Times that are known to
/// the millisecond within ten seconds have log2(10,000) = 13.3 bits of news, 2 bytes.
TEST(SealedBlock, AnEventCostsLittleMoreThanItsNews) {
    std::vector<std::string> ids;
    std::vector<SealedEvent> events;
    std::uint64_t random = 1;
    const auto next = [&] { return random = random * 6364136223846793005U + 1442695040888963407U; };
    for (int i = 0; i < 1'000; ++i) {
        std::array<char, kUuidTextBytes> text{};
        std::string packed;
        for (std::size_t byte = 0; byte < kPackedUuidBytes; ++byte)
            packed.push_back(static_cast<char>(next() >> 56));
        unpack_uuid(packed, text);
        ids.emplace_back(text.data(), text.size());
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
        auto event = event_with(ids[i], static_cast<std::uint32_t>(i / 100));
        event.place.position = i;
        event.record.time -= std::chrono::milliseconds(next() % 10'000);
        event.record.content = static_cast<std::uint32_t>(next() >> 32);
        events.push_back(event);
    }
    const std::size_t bytes = encode_events(events, kOffset).size();
    EXPECT_LE(bytes, 1'000 * (16 + 4 + 4));
    EXPECT_GE(bytes, 1'000 * (16 + 4 + 1));
}

}  // namespace
}  // namespace turnpike
