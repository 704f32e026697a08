#include "metering/log/identity/identity_table.h"

#include <algorithm>
#include <functional>
#include <random>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "metering/log/identity/identity_testing.h"

namespace turnpike {
namespace {

using Model = std::unordered_map<IdentityHash, std::uint32_t, Digest128Hash>;

std::vector<IdentityEntry> sorted(const Model& model) {
    std::vector<IdentityEntry> entries;
    for (const auto& [hash, content] : model) entries.push_back({hash, content});
    std::ranges::sort(entries, {}, &IdentityEntry::hash);
    return entries;
}

std::vector<IdentityEntry> all_of(const IdentityTable& table, std::size_t slice) {
    std::vector<IdentityEntry> entries;
    std::size_t before = 0;
    do {
        before = entries.size();
        table.copy_after(entries.empty() ? IdentityHash{} : entries.back().hash, slice, entries);
    } while (entries.size() - before == slice);
    return entries;
}

TEST(IdentityTable, RemembersTheFirstContent) {
    IdentityTable table;
    const IdentityHash hash{7, 9};
    EXPECT_EQ(table.find(hash), std::nullopt);
    EXPECT_EQ(table.find_or_insert({hash, 1}), std::nullopt);
    EXPECT_EQ(table.find_or_insert({hash, 2}), 1U);
    EXPECT_EQ(table.find(hash), 1U);
    EXPECT_EQ(table.size(), 1U);
}

TEST(IdentityTable, TellsHashesApartByEveryBit) {
    IdentityTable table;
    const IdentityHash hash{0x8000000000000001, 0x8000000000000001};
    table.find_or_insert({hash, 0});
    for (int bit = 1; bit < 63; ++bit) {
        EXPECT_FALSE(table.find({hash.first ^ std::uint64_t{1} << bit, hash.second})) << bit;
        EXPECT_FALSE(table.find({hash.first, hash.second ^ std::uint64_t{1} << bit})) << bit;
    }
}

/// Whatever is inserted in whatever order, the table is the map, and its scan is the sorted map.
void expect_like_map(std::size_t inserts, const std::function<IdentityHash()>& next_hash) {
    IdentityTable table;
    Model model;
    for (std::uint32_t i = 0; i < inserts; ++i) {
        const IdentityHash hash = next_hash();
        const auto [place, inserted] = model.try_emplace(hash, i);
        const auto known = table.find_or_insert({hash, i});
        ASSERT_EQ(known, inserted ? std::nullopt : std::optional(place->second));
        ASSERT_EQ(table.size(), model.size());
        if (i % 997 == 0) ASSERT_EQ(all_of(table, 64), sorted(model));
    }
    for (const auto& [hash, content] : model) ASSERT_EQ(table.find(hash), content);
    ASSERT_EQ(all_of(table, model.size() + 1), sorted(model));
}

// Up to some 50,000 entries a table grows 17 times: from 1,024 slots by a quarter each time.
RC_GTEST_PROP(IdentityTable, IsAMapOfRandomHashes, ()) {
    std::mt19937_64 random(*rc::gen::arbitrary<std::uint64_t>());
    const auto inserts = *rc::gen::inRange<std::size_t>(1, 8'000);
    expect_like_map(inserts, [&] { return random_hash(random); });
}

// No secret hash is like this, but a table must not depend on luck: all homes are the last few
// slots, and far more entries than fit behind them.
TEST(IdentityTable, IsAMapOfCrowdedHashes) {
    std::mt19937_64 random(1);
    expect_like_map(5'500,
                    [&] { return IdentityHash{UINT64_MAX - random() % 2, random() % 100'000}; });
}

TEST(IdentityTable, IsAMapOfRisingAndFallingHashes) {
    std::uint64_t number = 0;
    expect_like_map(5'000, [&] { return IdentityHash{++number << 40, number}; });
    expect_like_map(5'000, [&] { return IdentityHash{--number << 40 | 1, number}; });
}

// 20 bytes in 13 of 20 slots at worst (13/16 of the slots before it grew by a quarter): 30.8 bytes.
TEST(IdentityTable, NeedsAtMost31BytesPerEntryFromAMillionOn) {
    IdentityTable table;
    std::mt19937_64 random(1);
    while (table.size() < 1'300'000) {
        table.find_or_insert({random_hash(random), 0});
        if (table.size() >= 1'000'000 && table.size() % 1'000 == 0)
            ASSERT_LE(table.bytes(), 31 * table.size()) << table.size();
    }
}

TEST(IdentityTable, OneInsertMovesFewEntriesHoweverManyThereAre) {
    IdentityTable table;
    std::mt19937_64 random(2);
    std::uint64_t before = 0, most = 0;
    for (int i = 0; i < 1'300'000; ++i) {
        table.find_or_insert({random_hash(random), 0});
        most = std::max(most, table.entries_moved() - before);
        before = table.entries_moved();
    }
    // kGrowthSlots slots, and what stands in their way.
    EXPECT_LE(most, 4 * IdentityTable::kGrowthSlots);
    EXPECT_GT(most, IdentityTable::kGrowthSlots / 2) << "it never grew";
}

// 100,000 entries, of which ever more are there, or come while the table grows, when room is made.
TEST(IdentityTable, MakesRoomForMoreAtAnyTime) {
    std::mt19937_64 random(4);
    std::vector<IdentityEntry> entries;
    for (int i = 0; i < 100'000; ++i) entries.push_back({random_hash(random), 0});
    for (const std::size_t first : {1UL, 800UL, 850UL, 50'000UL, 99'999UL}) {
        IdentityTable table;
        for (std::size_t i = 0; i < first; ++i) table.find_or_insert(entries[i]);
        table.reserve(entries.size());
        const std::size_t bytes = table.bytes();
        for (std::size_t i = first; i < entries.size(); ++i) table.find_or_insert(entries[i]);
        EXPECT_LE(table.bytes(), bytes + 20 * 1'000) << first;
        auto sorted = entries;
        std::ranges::sort(sorted, {}, &IdentityEntry::hash);
        EXPECT_EQ(all_of(table, 4'096), sorted) << first;
    }
}

TEST(IdentityTable, AReservedTableDoesNotGrow) {
    std::mt19937_64 random(3);
    std::vector<IdentityEntry> entries;
    for (int i = 0; i < 100'000; ++i) entries.push_back({random_hash(random), 0});
    std::ranges::sort(entries, {}, &IdentityEntry::hash);
    IdentityTable table;
    table.reserve(entries.size());
    const std::size_t bytes = table.bytes();
    for (const IdentityEntry& entry : entries) table.find_or_insert(entry);
    EXPECT_LE(table.bytes(), bytes + 20 * 1'000) << "but for a few behind the last home";
    EXPECT_EQ(all_of(table, 4'096), entries);
}

}  // namespace
}  // namespace turnpike
