#include "webhooks/refusal_log.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using std::chrono::seconds;

class RefusalLogTest : public testing::Test {
protected:
    bool note(const std::string& reason = "bad") {
        return log_.note(reason, "why", "1.2.3.4", now_).has_value();
    }
    std::vector<std::int64_t> due_after(seconds wait) {
        now_ += wait;
        std::vector<std::int64_t> counts;
        for (const auto& line : log_.due(now_)) counts.push_back(line.failures);
        return counts;
    }
    using Counts = std::vector<std::int64_t>;

    Instant now_ = from_unix_seconds(1'000'000);
    RefusalLog log_;
};

TEST_F(RefusalLogTest, ABurstIsTwoLinesWithoutAnotherRequest) {
    EXPECT_TRUE(note());
    for (int i = 0; i < 499; ++i) EXPECT_FALSE(note());
    EXPECT_EQ(due_after(seconds(9)), Counts{});
    EXPECT_EQ(due_after(seconds(1)), Counts{499});
    EXPECT_EQ(due_after(seconds(60)), Counts{});
}

TEST_F(RefusalLogTest, ASteadyStreamIsOneLinePerInterval) {
    EXPECT_TRUE(note());
    EXPECT_FALSE(note());
    EXPECT_EQ(due_after(seconds(10)), Counts{1});
    EXPECT_FALSE(note());
    EXPECT_EQ(due_after(seconds(5)), Counts{});
    EXPECT_EQ(due_after(seconds(5)), Counts{1});
    // An interval without any: the next one is told at once again.
    EXPECT_EQ(due_after(seconds(10)), Counts{});
    EXPECT_TRUE(note());
}

TEST_F(RefusalLogTest, ReasonsDoNotHideEachOther) {
    EXPECT_TRUE(note("bad"));
    EXPECT_TRUE(note("wrong_mode"));
    EXPECT_FALSE(note("bad"));
    const auto lines = log_.rest();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].reason, "bad");
    EXPECT_EQ(lines[0].peer, "1.2.3.4");
    EXPECT_TRUE(log_.rest().empty());
}

TEST(LastHour, ForgetsWhatIsOlder) {
    const Instant start = from_unix_seconds(1'000'020);
    LastHour hour;
    for (int minute = 0; minute < 90; ++minute) {
        hour.count(start + std::chrono::minutes(minute));
        hour.count(start + std::chrono::minutes(minute));
    }
    EXPECT_EQ(hour.total(start + std::chrono::minutes(89)), 120);
    EXPECT_EQ(hour.total(start + std::chrono::minutes(119)), 60);
    EXPECT_EQ(hour.total(start + std::chrono::hours(5)), 0);
}

}  // namespace
}  // namespace turnpike
