#include "metering/log/identity/identity_gathering.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "metering/log/identity/identity_testing.h"
#include "metering/log/log_testing.h"

namespace turnpike {
namespace {

using testing::ScratchFolder;

std::unique_ptr<IdentitySet> open_set(const std::string& dir) {
    auto set = IdentitySet::open({.dir = dir, .key = {1, 2}});
    EXPECT_TRUE(set) << set.error().message;
    return *std::move(set);
}

TEST(IdentityGathering, BringsEveryEntryIntoTheSet) {
    const ScratchFolder folder;
    const auto set = open_set(folder.path());
    std::mt19937_64 random(1);
    std::vector<IdentityEntry> entries;
    // It hands over once by itself, and what is left when it is told to.
    for (std::size_t i = 0; i < IdentityGathering::kEntriesMax + 1'000; ++i)
        entries.push_back({random_hash(random), static_cast<std::uint32_t>(i)});
    IdentityGathering gathering(*set);
    for (const IdentityEntry& entry : entries) ASSERT_TRUE(gathering.add(entry));
    EXPECT_EQ(set->stats().window_entries, IdentityGathering::kEntriesMax);
    ASSERT_TRUE(gathering.finish());
    EXPECT_EQ(set->stats().window_entries, entries.size());
    for (const IdentityEntry& entry : entries)
        ASSERT_EQ(set->batch().find(entry.hash).value(), entry.content);
}

TEST(IdentityGathering, LeavesWhatTheSetKnowsAsItIs) {
    const ScratchFolder folder;
    const auto set = open_set(folder.path());
    const IdentityHash hash{1, 1};
    EXPECT_EQ(*set->batch().find_or_insert(hash, 7), Recall::New);
    IdentityGathering gathering(*set);
    ASSERT_TRUE(gathering.add({hash, 8}));
    ASSERT_TRUE(gathering.finish());
    EXPECT_EQ(set->batch().find(hash).value(), 7U);
    EXPECT_EQ(set->stats().window_entries, 1U);
}

}  // namespace
}  // namespace turnpike
