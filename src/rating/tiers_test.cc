#include "rating/tiers.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace turnpike {
namespace {

using testing::ElementsAreArray;

struct TierCase {
    std::string name;
    std::vector<TierEnd> ends;
    std::int64_t quantity;
    std::vector<std::int64_t> graduated;  ///< the shares, from the first tier on
    std::size_t volume;                   ///< the one tier
};

// Tiers of 1-5, 6-10 and 11 and more.
const std::vector<TierEnd> kFives{5, 10, std::nullopt};
const std::vector<TierCase> kTierCases{
    {"nothing reaches the first tier", kFives, 0, {0}, 0},
    {"one unit", kFives, 1, {1}, 0},
    {"the last unit of a tier", kFives, 5, {5}, 0},
    {"the first unit of the next one", kFives, 6, {5, 1}, 1},
    {"the last unit of the second", kFives, 10, {5, 5}, 1},
    {"beyond all ends", kFives, 1'000'000, {5, 5, 999'990}, 2},
    {"a single tier without end", {std::nullopt}, 7, {7}, 0},
};

TEST(Tiers, QuantityDividesOverThem) {
    for (const auto& c : kTierCases) {
        SCOPED_TRACE(c.name);
        std::vector<std::int64_t> quantities;
        std::size_t next = 0;
        for (const auto& share : graduated_shares(c.ends, c.quantity)) {
            EXPECT_EQ(share.tier, next++);
            quantities.push_back(static_cast<std::int64_t>(share.quantity));
        }
        EXPECT_THAT(quantities, ElementsAreArray(c.graduated));
        EXPECT_EQ(volume_share(c.ends, c.quantity), (TierShare{c.volume, c.quantity}));
    }
}

/// Ends that rise by 1 to 9, and the last one open.
std::vector<TierEnd> ends_of(const std::vector<std::uint8_t>& steps) {
    std::vector<TierEnd> ends;
    Int128 end = 0;
    for (const auto step : steps) ends.emplace_back(end += 1 + step % 9);
    ends.emplace_back(std::nullopt);
    return ends;
}

/// The tier of the n-th unit, counted from 1, by looking at every tier.
std::size_t tier_of_unit(const std::vector<TierEnd>& ends, std::int64_t n) {
    std::size_t tier = 0;
    while (ends[tier] && n > *ends[tier]) ++tier;
    return tier;
}

// cost = sum over every single unit of the price of the tier that it falls into.
RC_GTEST_PROP(TiersProperty, GraduatedCostIsTheSumOverEveryUnit,
              (const std::vector<std::uint8_t>& steps)) {
    const auto ends = ends_of(steps);
    const auto quantity = *rc::gen::inRange<std::int64_t>(0, 200);
    const auto unit_price = [](std::size_t tier) {
        return static_cast<std::int64_t>(tier * 7 + 3);
    };
    std::int64_t one_by_one = 0;
    for (std::int64_t n = 1; n <= quantity; ++n) one_by_one += unit_price(tier_of_unit(ends, n));
    std::int64_t by_share = 0;
    for (const auto& share : graduated_shares(ends, quantity))
        by_share += static_cast<std::int64_t>(share.quantity) * unit_price(share.tier);
    RC_ASSERT(by_share == one_by_one);
}

RC_GTEST_PROP(TiersProperty, VolumeIsTheTierOfTheLastUnit,
              (const std::vector<std::uint8_t>& steps)) {
    const auto ends = ends_of(steps);
    const auto quantity = *rc::gen::inRange<std::int64_t>(1, 200);
    RC_ASSERT(volume_share(ends, quantity).tier == tier_of_unit(ends, quantity));
}

TEST(Packages, BegunOnesCountAsTold) {
    struct Case {
        std::int64_t quantity, size, down, up;
    };
    for (const auto& c : std::vector<Case>{{0, 10, 0, 0},
                                           {1, 10, 0, 1},
                                           {10, 10, 1, 1},
                                           {11, 10, 1, 2},
                                           {19, 10, 1, 2},
                                           {20, 10, 2, 2},
                                           {7, 1, 7, 7}}) {
        SCOPED_TRACE(c.quantity);
        EXPECT_EQ(static_cast<std::int64_t>(packages_in(c.quantity, c.size, PackageRounding::Down)),
                  c.down);
        EXPECT_EQ(static_cast<std::int64_t>(packages_in(c.quantity, c.size, PackageRounding::Up)),
                  c.up);
    }
}

}  // namespace
}  // namespace turnpike
