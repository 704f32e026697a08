#include "metering/log/identity/fuse_filter.h"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "metering/log/identity/identity_testing.h"

namespace turnpike {
namespace {

std::vector<IdentityHash> some_hashes(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<IdentityHash> hashes;
    for (std::size_t i = 0; i < count; ++i) hashes.push_back({random(), random()});
    return hashes;
}

std::size_t wrong_yeses(const FuseFilter& filter, std::size_t asked) {
    const auto others = some_hashes(asked, 999);
    return static_cast<std::size_t>(
        std::ranges::count_if(others, [&](const auto& hash) { return filter.may_contain(hash); }));
}

TEST(FuseFilter, NeverDeniesWhatItContains) {
    for (const std::size_t size :
         {0U, 1U, 2U, 3U, 7U, 50U, 300U, 301U, 1'000U, 4'097U, 20'000U, 131'072U}) {
        SCOPED_TRACE(size);
        auto hashes = some_hashes(size, size);
        if (size % 2 == 0) std::ranges::sort(hashes);
        const FuseFilter filter = FuseFilter::of(hashes);
        EXPECT_GT(filter.fingerprints().size(), 0U) << "it says yes to everything";
        for (const IdentityHash& hash : hashes) ASSERT_TRUE(filter.may_contain(hash));
    }
}

// 8 bits: 200,000 / 256 = 781 wrong yeses are expected, give or take 28. Five times that is
// allowed.
TEST(FuseFilter, IsWrongOnceIn256Times) {
    for (const std::size_t size : {1'000U, 300'000U}) {
        SCOPED_TRACE(size);
        const auto wrong = wrong_yeses(FuseFilter::of(some_hashes(size, 5)), 200'000);
        EXPECT_GT(wrong, 781U - 5 * 28);
        EXPECT_LT(wrong, 781U + 5 * 28);
    }
}

TEST(FuseFilter, NeedsLessThan95BitsForTenHashes) {
    for (const std::size_t size : {270'000U, 524'288U}) {
        SCOPED_TRACE(size);
        const FuseFilter filter = FuseFilter::of(some_hashes(size, 6));
        EXPECT_LE(filter.fingerprints().size() * 8 * 10, size * 95);
    }
}

// Hashes that are equal cannot be told apart by any seed.
TEST(FuseFilter, OfHopelessHashesSaysYesToEverything) {
    const FuseFilter filter = FuseFilter::of(std::vector<IdentityHash>(10, {3, 4}));
    EXPECT_TRUE(filter.may_contain({3, 4}));
    EXPECT_EQ(wrong_yeses(filter, 100), 100U);
}

std::vector<std::uint8_t> fingerprints_of(const FuseFilter& filter) {
    const auto bytes = filter.fingerprints();
    return {bytes.begin(), bytes.end()};
}

TEST(FuseFilter, IsTheSameFromItsParts) {
    const auto hashes = some_hashes(5'000, 7);
    const FuseFilter filter = FuseFilter::of(hashes);
    const auto again = FuseFilter::from(filter.shape(), fingerprints_of(filter));
    ASSERT_TRUE(again);
    for (const IdentityHash& hash : hashes) ASSERT_TRUE(again->may_contain(hash));
    EXPECT_EQ(wrong_yeses(*again, 10'000), wrong_yeses(filter, 10'000));
}

TEST(FuseFilter, RefusesPartsThatDoNotBelongTogether) {
    const FuseFilter filter = FuseFilter::of(some_hashes(5'000, 8));
    const auto bytes = fingerprints_of(filter);
    EXPECT_FALSE(FuseFilter::from(filter.shape(), {bytes.begin(), bytes.end() - 1}));
    auto shape = filter.shape();
    shape.segments_first = 0;
    EXPECT_FALSE(FuseFilter::from(shape, bytes));
    shape.segments_first = UINT32_MAX;
    EXPECT_FALSE(FuseFilter::from(shape, bytes));
    shape = filter.shape();
    shape.segment_bits = FuseFilter::kSegmentBitsMax + 1;
    EXPECT_FALSE(FuseFilter::from(shape, bytes));
}

}  // namespace
}  // namespace turnpike
