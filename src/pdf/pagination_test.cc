#include "pdf/pagination.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace turnpike {
namespace {

using ::testing::ElementsAre;
constexpr auto kTable = PageBlock::Part::Table;
constexpr auto kText = PageBlock::Part::Text;
constexpr PageShape kShape{.top = 10, .bottom = 60, .table_head = 5};  // 50 high, 45 in the table

TEST(Paginate, StacksBlocksWithTheirGaps) {
    const std::vector<PageBlock> blocks{{{20}, 3, kText}, {{10, 10}, 4, kText}};
    EXPECT_THAT(
        paginate(blocks, kShape),
        ElementsAre(PlacedRow{0, 0, 0, 10}, PlacedRow{1, 0, 0, 34}, PlacedRow{1, 1, 0, 44}));
}

TEST(Paginate, KeepsABlockTogetherOnTheNextPage) {
    const std::vector<PageBlock> blocks{{{35}, 0, kText}, {{10, 10}, 2, kTable}};
    EXPECT_THAT(
        paginate(blocks, kShape),
        ElementsAre(PlacedRow{0, 0, 0, 10}, PlacedRow{1, 0, 1, 15}, PlacedRow{1, 1, 1, 25}));
}

TEST(Paginate, FillsAPageToItsLastUnit) {
    const std::vector<PageBlock> blocks{{{30}, 0, kText}, {{20}, 0, kText}, {{1}, 9, kText}};
    EXPECT_THAT(
        paginate(blocks, kShape),
        ElementsAre(PlacedRow{0, 0, 0, 10}, PlacedRow{1, 0, 0, 40}, PlacedRow{2, 0, 1, 10}));
}

// 5 + 60 is more than a page of 50: the first rows stay where they are.
TEST(Paginate, BreaksWhatIsTallerThanAPage) {
    const std::vector<PageBlock> blocks{{{25}, 0, kText}, {{20, 20, 20}, 0, kTable}};
    EXPECT_THAT(paginate(blocks, kShape),
                ElementsAre(PlacedRow{0, 0, 0, 10}, PlacedRow{1, 0, 0, 35}, PlacedRow{1, 1, 1, 15},
                            PlacedRow{1, 2, 1, 35}));
}

TEST(Paginate, LetsARowTallerThanAPageStandAlone) {
    const std::vector<PageBlock> blocks{{{90}, 0, kText}, {{10}, 0, kText}};
    EXPECT_THAT(paginate(blocks, kShape),
                ElementsAre(PlacedRow{0, 0, 0, 10}, PlacedRow{1, 0, 1, 10}));
}

// 30 + 15 fill the page to 55; 20 more, kept with the 15, take it along below the head of the
// table.
TEST(Paginate, WhatIsKeptWithTheBlockAboveTakesItAlong) {
    std::vector<PageBlock> blocks{{{30}, 0, kTable}, {{15}, 0, kTable}, {{20}, 4, kText}};
    EXPECT_THAT(
        paginate(blocks, kShape),
        ElementsAre(PlacedRow{0, 0, 0, 10}, PlacedRow{1, 0, 0, 40}, PlacedRow{2, 0, 1, 10}));
    blocks[2].is_kept_with_previous = true;
    EXPECT_THAT(
        paginate(blocks, kShape),
        ElementsAre(PlacedRow{0, 0, 0, 10}, PlacedRow{1, 0, 1, 15}, PlacedRow{2, 0, 1, 34}));
}

// 30 + 40 are more than a page.
TEST(Paginate, WhatNoPageHasRoomForIsNotKept) {
    std::vector<PageBlock> blocks{{{10}, 0, kTable}, {{30}, 0, kTable}, {{40}, 0, kText}};
    blocks[2].is_kept_with_previous = true;
    EXPECT_THAT(
        paginate(blocks, kShape),
        ElementsAre(PlacedRow{0, 0, 0, 10}, PlacedRow{1, 0, 0, 20}, PlacedRow{2, 0, 1, 10}));
}

TEST(Paginate, OfNothingIsNothing) { EXPECT_TRUE(paginate({}, kShape).empty()); }

RC_GTEST_PROP(Paginate, PlacesEveryRowOnceInOrderAndInside, ()) {
    std::vector<PageBlock> blocks;
    for (const auto& rows : *rc::gen::container<std::vector<std::vector<int>>>(
             rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 46))))
        blocks.push_back({rows, *rc::gen::inRange(0, 9), *rc::gen::element(kText, kTable),
                          *rc::gen::arbitrary<bool>()});
    const auto placed = paginate(blocks, kShape);
    std::size_t next = 0;
    int end = 0;
    std::size_t page = 0;
    for (std::size_t block = 0; block < blocks.size(); ++block)
        for (std::size_t row = 0; row < blocks[block].rows.size(); ++row) {
            const PlacedRow& at = placed.at(next++);
            RC_ASSERT(at.block == block && at.row == row);
            RC_ASSERT(at.page == page || at.page == page + 1);
            RC_ASSERT(at.page > page || at.y >= end);
            page = at.page;
            end = at.y + blocks[block].rows[row];
            RC_ASSERT(at.y >= kShape.top && end <= kShape.bottom);
        }
    RC_ASSERT(next == placed.size());
}

}  // namespace
}  // namespace turnpike
