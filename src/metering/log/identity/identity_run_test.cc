#include "metering/log/identity/identity_run.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "metering/log/identity/identity_run_merge.h"
#include "metering/log/identity/identity_run_writer.h"
#include "metering/log/identity/identity_testing.h"
#include "metering/log/log_testing.h"

namespace turnpike {
namespace {

using testing::bytes_of;
using testing::ScratchFolder;
using testing::write_bytes;

using namespace run_format;

constexpr std::uint64_t kKeyCheck = 77;

std::vector<IdentityEntry> some_entries(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<IdentityEntry> entries;
    for (std::size_t i = 0; i < count; ++i)
        entries.push_back({random_hash(random), static_cast<std::uint32_t>(random())});
    std::ranges::sort(entries, {}, &IdentityEntry::hash);
    return entries;
}

void write_run(const std::string& path, const std::vector<IdentityEntry>& entries,
               std::uint64_t window = 1) {
    auto writer = IdentityRunWriter::create(path, {.window_first = window,
                                                   .window_last = window,
                                                   .key_check = kKeyCheck,
                                                   .entries_max = entries.size()});
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->add(entries));
    EXPECT_FALSE(std::filesystem::exists(path)) << "there before it is complete";
    ASSERT_TRUE(writer->finish());
}

void expect_holds(const IdentityRun& run, const std::vector<IdentityEntry>& entries) {
    for (const IdentityEntry& entry : entries) {
        ASSERT_TRUE(run.may_contain(entry.hash));
        const auto found = run.find(entry.hash);
        ASSERT_TRUE(found) << found.error().message;
        ASSERT_EQ(*found, entry.content);
    }
}

std::vector<IdentityEntry> scan(const std::string& path) {
    auto cursor = IdentityRunCursor::open(path, Kind::Run, kKeyCheck);
    EXPECT_TRUE(cursor);
    std::vector<IdentityEntry> entries;
    while (cursor && cursor->peek() != nullptr) {
        entries.push_back(*cursor->peek());
        EXPECT_TRUE(cursor->pop());
    }
    return entries;
}

// A block has 204 entries; a cursor reads 256 blocks, which is 52,224 entries, at once.
TEST(IdentityRun, HoldsWhatWasWritten) {
    for (const std::size_t count :
         {0U, 1U, 2U, 203U, 204U, 205U, 408U, 10'000U, 52'223U, 52'224U, 52'225U}) {
        SCOPED_TRACE(count);
        const ScratchFolder folder;
        const auto entries = some_entries(count, count);
        write_run(folder / "run", entries);
        EXPECT_FALSE(std::filesystem::exists(folder / "run.new"));
        const auto run = IdentityRun::open(folder / "run", kKeyCheck);
        ASSERT_TRUE(run) << run.error().message;
        EXPECT_EQ(run->entries(), count);
        expect_holds(*run, entries);
        EXPECT_EQ(scan(folder / "run"), entries);
        EXPECT_TRUE(verify_run(folder / "run", kKeyCheck));
        for (const IdentityEntry& other : some_entries(100, count + 1))
            EXPECT_EQ(run->find(other.hash).value(), std::nullopt);
    }
}

// 600,000 entries are more than 2^19: two partitions. The rate is that of the filters
// together.
TEST(IdentityRun, AsksTheDiskForOneStrangerIn256) {
    const ScratchFolder folder;
    const auto entries = some_entries(600'000, 1);
    write_run(folder / "run", entries);
    const auto run = IdentityRun::open(folder / "run", kKeyCheck);
    ASSERT_TRUE(run);
    EXPECT_EQ(run->header().partition_bits, 1U);
    EXPECT_LE(run->bytes_in_memory() * 8, entries.size() * 10) << "at most 10 bits per entry";
    for (std::size_t i = 0; i < entries.size(); i += 10)
        ASSERT_TRUE(run->may_contain(entries[i].hash)) << i;
    const auto strangers = some_entries(200'000, 2);
    const auto asked = std::ranges::count_if(
        strangers, [&](const IdentityEntry& entry) { return run->may_contain(entry.hash); });
    EXPECT_LT(asked, 781 + 5 * 28) << "200,000 / 256 = 781, and five deviations";
}

TEST(IdentityRun, FindsHashesThatBeginAlike) {
    const ScratchFolder folder;
    std::vector<IdentityEntry> entries;
    for (std::uint64_t i = 0; i < 1'000; ++i)
        entries.push_back({{1 + i / 500, 2 * i}, static_cast<std::uint32_t>(i)});
    write_run(folder / "run", entries);
    const auto run = IdentityRun::open(folder / "run", kKeyCheck);
    ASSERT_TRUE(run);
    expect_holds(*run, entries);
    EXPECT_EQ(run->find({1, 501}).value(), std::nullopt);
    EXPECT_EQ(run->find({3, 0}).value(), std::nullopt);
}

void expect_refused(const Result<std::monostate>& verified, const std::string& path) {
    ASSERT_FALSE(verified);
    EXPECT_EQ(verified.error().reason, Reason("metering.identity_damaged"));
    EXPECT_TRUE(verified.error().message.contains(path)) << verified.error().message;
}

TEST(IdentityRun, EveryFlippedByteIsFound) {
    const ScratchFolder folder;
    const std::string path = folder / "run";
    write_run(path, some_entries(500, 3));
    const std::string good = bytes_of(path);
    std::mt19937_64 random(4);
    for (std::size_t at = 0; at < good.size(); at += 1 + random() % 40) {
        SCOPED_TRACE(at);
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ static_cast<char>(1 << random() % 8));
        write_bytes(path, bad);
        expect_refused(verify_run(path, kKeyCheck), path);
    }
}

TEST(IdentityRun, EveryTornFileIsFound) {
    const ScratchFolder folder;
    const std::string path = folder / "run";
    write_run(path, some_entries(500, 5));
    const std::string good = bytes_of(path);
    for (std::size_t size = 0; size < good.size(); size += 97) {
        SCOPED_TRACE(size);
        write_bytes(path, good.substr(0, size));
        EXPECT_FALSE(IdentityRun::open(path, kKeyCheck)) << "already when it is opened";
        expect_refused(verify_run(path, kKeyCheck), path);
    }
    write_bytes(path, good + '\0');
    expect_refused(verify_run(path, kKeyCheck), path);
}

TEST(IdentityRun, ALookUpInABrokenBlockIsAnErrorAndNoAnswer) {
    const ScratchFolder folder;
    const std::string path = folder / "run";
    const auto entries = some_entries(500, 6);
    write_run(path, entries);
    std::string bytes = bytes_of(path);
    std::swap_ranges(bytes.begin() + kBlockBytes, bytes.begin() + 2 * kBlockBytes,
                     bytes.begin() + 2 * kBlockBytes);
    write_bytes(path, bytes);
    const auto run = IdentityRun::open(path, kKeyCheck);
    ASSERT_TRUE(run) << "blocks are read when they are needed";
    for (const IdentityEntry& entry : {entries.front(), entries[300]}) {
        const auto found = run->find(entry.hash);
        ASSERT_FALSE(found) << "two good blocks in each other's place";
        EXPECT_EQ(found.error().reason, Reason("metering.identity_damaged"));
    }
    EXPECT_TRUE(run->find(entries.back().hash)) << "the third block is good";
}

TEST(IdentityRun, IsRefusedUnderAnotherKeyAndAsAnotherKind) {
    const ScratchFolder folder;
    const std::string path = folder / "run";
    write_run(path, some_entries(10, 7));
    expect_refused(verify_run(path, kKeyCheck + 1), path);
    EXPECT_FALSE(IdentityRunCursor::open(path, Kind::Snapshot, kKeyCheck));
}

TEST(IdentityRunWriter, AbandonedItLeavesNothing) {
    const ScratchFolder folder;
    {
        auto writer = IdentityRunWriter::create(folder / "run", {});
        ASSERT_TRUE(writer);
        ASSERT_TRUE(writer->add(some_entries(100'000, 8)));
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(IdentityRunMerge, HoldsBothAndTheOlderContent) {
    const ScratchFolder folder;
    auto older = some_entries(3'000, 9), newer = some_entries(1'000, 10);
    for (std::size_t i = 0; i < older.size(); i += 100)
        newer.push_back({older[i].hash, older[i].content + 1});
    std::ranges::sort(newer, {}, &IdentityEntry::hash);
    write_run(folder / "older", older, 4);
    write_run(folder / "newer", newer, 5);
    auto expected = older;
    for (const IdentityEntry& entry : newer)
        if (!std::ranges::binary_search(older, entry.hash, {}, &IdentityEntry::hash))
            expected.push_back(entry);
    std::ranges::sort(expected, {}, &IdentityEntry::hash);
    ASSERT_EQ(expected.size(), 4'000U);

    auto merge = IdentityRunMerge::begin(IdentityRun::open(folder / "older", kKeyCheck).value(),
                                         IdentityRun::open(folder / "newer", kKeyCheck).value(),
                                         folder / "merged");
    ASSERT_TRUE(merge);
    int steps = 1;
    while (merge->step(100).value() == IdentityRunMerge::Progress::More) ++steps;
    EXPECT_EQ(steps, 40) << "4,000 entries, 100 at a time";
    EXPECT_EQ(scan(folder / "merged"), expected);
    const auto merged = IdentityRun::open(folder / "merged", kKeyCheck);
    ASSERT_TRUE(merged);
    EXPECT_EQ(merged->header().window_first, 4U);
    EXPECT_EQ(merged->header().window_last, 5U);
    expect_holds(*merged, expected);
}

TEST(IdentityRunMerge, StopsAtADamagedBlock) {
    const ScratchFolder folder;
    write_run(folder / "older", some_entries(3'000, 11), 1);
    write_run(folder / "newer", some_entries(60'000, 12), 2);
    std::string bytes = bytes_of(folder / "newer");
    bytes[290 * kBlockBytes] = static_cast<char>(bytes[290 * kBlockBytes] + 1);
    write_bytes(folder / "newer", bytes);
    {
        auto merge = IdentityRunMerge::begin(IdentityRun::open(folder / "older", kKeyCheck).value(),
                                             IdentityRun::open(folder / "newer", kKeyCheck).value(),
                                             folder / "merged");
        ASSERT_TRUE(merge);
        const auto step = merge->step(1'000'000);
        ASSERT_FALSE(step);
        EXPECT_TRUE(step.error().message.contains("newer: block 290"));
    }
    EXPECT_FALSE(exists(folder / "merged"));
    EXPECT_FALSE(exists(folder / "merged.new"));
}

}  // namespace
}  // namespace turnpike
