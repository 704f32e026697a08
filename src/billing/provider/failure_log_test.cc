#include "billing/provider/failure_log.h"

#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace turnpike {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

const Instant kBegin = from_unix_seconds(1'767'225'600);
Instant after(int seconds) { return kBegin + std::chrono::seconds(seconds); }

TEST(FailureLog, TellsTheFirstAndThenAtGrowingIntervals) {
    FailureLog log;
    std::vector<int> told;
    for (int second = 0; second < 4 * 3'600; ++second)
        if (log.failed("close sub_1", "provider.down", after(second))) told.push_back(second);
    // 10, 20, 40 ... 2,560 s after each other, and no more than an hour.
    EXPECT_THAT(told,
                ElementsAre(0, 10, 30, 70, 150, 310, 630, 1'270, 2'550, 5'110, 8'710, 12'310));
}

TEST(FailureLog, SaysHowOftenItHasFailedInARow) {
    FailureLog log;
    EXPECT_THAT(log.failed("close sub_1", "down", after(0)), Optional(1));
    for (int second = 1; second < 10; ++second)
        EXPECT_EQ(log.failed("close sub_1", "down", after(second)), std::nullopt) << second;
    EXPECT_THAT(log.failed("close sub_1", "down", after(10)), Optional(11));
    EXPECT_EQ(log.worked("close sub_1"), 11);
    EXPECT_EQ(log.worked("close sub_1"), 0);
}

TEST(FailureLog, TellsAnotherReasonAnotherObjectAndARelapseAtOnce) {
    FailureLog log;
    EXPECT_THAT(log.failed("close sub_1", "down", after(0)), Optional(1));
    EXPECT_THAT(log.failed("close sub_2", "down", after(1)), Optional(1));
    EXPECT_THAT(log.failed("close sub_1", "refused", after(2)), Optional(2));
    EXPECT_EQ(log.failed("close sub_1", "refused", after(11)), std::nullopt);
    EXPECT_THAT(log.failed("close sub_1", "refused", after(12)), Optional(4));
    EXPECT_EQ(log.worked("close sub_1"), 4);
    EXPECT_THAT(log.failed("close sub_1", "refused", after(13)), Optional(1));
    EXPECT_EQ(log.failed("close sub_1", "refused", after(14)), std::nullopt);
    // Somebody else has made it work in between.
    EXPECT_THAT(log.failed("close sub_1", "refused", after(14 + 3'601)), Optional(1));
}

TEST(FailureLog, RemembersABoundedNumber) {
    FailureLog log;
    const auto object = [](std::size_t i) { return fmt::format("close sub_{}", i); };
    for (std::size_t i = 0; i < FailureLog::kObjectsMax; ++i)
        EXPECT_TRUE(log.failed(object(i), "down", after(0)));
    EXPECT_EQ(log.failed(object(0), "down", after(1)), std::nullopt);
    EXPECT_TRUE(log.failed("one more", "down", after(1)));
    EXPECT_THAT(log.failed(object(0), "down", after(1)), Optional(1));
}

}  // namespace
}  // namespace turnpike
