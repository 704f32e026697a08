#include "metering/aggregation.h"

#include <gtest/gtest.h>

#include "metering/usage_event.h"

namespace turnpike {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using enum Meter::Aggregation;

// 2024-09-01T00:00:00Z, the beginning of a minute and of an hour.
const Instant kStart = from_unix_seconds(1'725'148'800);

Quantity units(std::int64_t n) { return Quantity::whole(n); }

CountRule rolling(std::int32_t length_hours, Meter::Aggregation aggregation = Sum) {
    return {aggregation, {Reset::Kind::Rolling, length_hours}};
}

/// A counter without a limit.
struct Tally {
    CountRule rule;
    Quantity used{};
    UsageTrail trail{};

    void count(std::int64_t value, Duration at) {
        used = count_value(rule, used, trail, units(value), kStart + at);
    }
    [[nodiscard]] Quantity shown(Duration at) const {
        return used_at(rule, used, trail, kStart + at);
    }
    [[nodiscard]] Quantity after(std::int64_t value, Duration at) const {
        return used_after(rule, used, trail, units(value), kStart + at);
    }
};

TEST(CountValue, FollowsTheAggregation) {
    struct Event {
        std::int64_t value;
        Duration at;
    };
    struct Case {
        const char* name;
        Meter::Aggregation aggregation;
        std::vector<Event> events;
        std::int64_t used;
    };
    const Case cases[] = {
        {"sum", Sum, {{5, seconds(0)}, {3, seconds(1)}, {4, seconds(2)}}, 12},
        {"count", Count, {{1, seconds(0)}, {1, seconds(1)}}, 2},
        {"unique: a known one is 0",
         Unique,
         {{1, seconds(0)}, {0, seconds(1)}, {1, seconds(2)}},
         2},
        {"max", Max, {{5, seconds(0)}, {9, seconds(1)}, {4, seconds(2)}}, 9},
        {"the first sets the minimum", Min, {{5, seconds(0)}}, 5},
        {"min", Min, {{5, seconds(0)}, {3, seconds(1)}, {4, seconds(2)}}, 3},
        {"min of a late one", Min, {{5, seconds(9)}, {3, seconds(1)}}, 3},
        {"min after 0", Min, {{0, seconds(0)}, {3, seconds(1)}}, 0},
        {"last", Last, {{5, seconds(0)}, {9, seconds(1)}, {4, seconds(2)}}, 4},
        {"last, one came late", Last, {{5, seconds(0)}, {9, seconds(2)}, {4, seconds(1)}}, 9},
        {"last, of equal times", Last, {{5, seconds(1)}, {4, seconds(1)}}, 4},
        {"last, a late one does not move the time",
         Last,
         {{5, seconds(3)}, {4, seconds(1)}, {7, seconds(2)}},
         5},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        Tally tally{.rule = {c.aggregation, {}}};
        for (const Event& event : c.events) {
            const Quantity expected = tally.after(event.value, event.at);
            tally.count(event.value, event.at);
            EXPECT_EQ(tally.used, expected);
        }
        EXPECT_EQ(tally.used, units(c.used));
        EXPECT_EQ(tally.trail.last_at.has_value(), keeps_trail(tally.rule));
    }
}

TEST(IsWithin, OnlyWhatRaisesCanBeTooMuch) {
    EXPECT_TRUE(is_within(units(5), units(10), units(10)));
    EXPECT_FALSE(is_within(units(5), units(11), units(10)));
    EXPECT_TRUE(is_within(units(12), units(11), units(10))) << "it falls";
    EXPECT_TRUE(is_within(units(12), units(12), units(10))) << "it stays";
    EXPECT_FALSE(is_within(units(12), units(13), units(10)));
    EXPECT_TRUE(is_within(units(5), kMaxQuantity, std::nullopt));
    EXPECT_FALSE(is_within(units(5), Quantity::from_scaled(kMaxQuantity.scaled() + 1), {}));
}

TEST(BoundOf, TheRangeEndsWhatNoPlanEndsBefore) {
    EXPECT_EQ(bound_of(std::nullopt), Bound::Range) << "usage goes on";
    EXPECT_EQ(bound_of(kMaxQuantity), Bound::Range) << "a cap that pays for more";
    EXPECT_EQ(bound_of(Quantity::from_scaled(kMaxQuantity.scaled() - 1)), Bound::Allowance);
    EXPECT_EQ(bound_of(Quantity{}), Bound::Allowance);
}

// Buckets of a minute: the first is [0, 1 min), and leaves a window of 1 h at 61 min.
TEST(Rolling, ABucketLeavesWhenAllOfItHas) {
    Tally tally{.rule = rolling(1)};
    tally.count(5, seconds(59));
    tally.count(3, seconds(60));
    EXPECT_EQ(tally.shown(minutes(60)), units(8));
    EXPECT_EQ(tally.shown(minutes(61) - Duration(1)), units(8));
    EXPECT_EQ(tally.shown(minutes(61)), units(3));
    EXPECT_EQ(tally.shown(minutes(62)), units(0));
    EXPECT_EQ(tally.after(4, minutes(61)), units(7));
}

TEST(Rolling, LongWindowsHaveBucketsOfAnHour) {
    EXPECT_EQ(bucket_width({Reset::Kind::Rolling, 24}), minutes(1));
    EXPECT_EQ(bucket_width({Reset::Kind::Rolling, 25}), hours(1));
    Tally tally{.rule = rolling(25)};
    tally.count(5, minutes(1));
    EXPECT_EQ(tally.shown(hours(26) - Duration(1)), units(5));
    EXPECT_EQ(tally.shown(hours(26)), units(0));
}

TEST(Rolling, ForgetsWhatNoEventCanSee) {
    Tally tally{.rule = rolling(1)};
    for (int minute = 0; minute < 1'000; ++minute) tally.count(1, minutes(minute));
    // The hour before minute 999 begins with minute 939: 61 buckets with the newest. Five more are
    // kept for clocks that are ahead.
    EXPECT_EQ(tally.trail.buckets.size(), 66U);
    EXPECT_EQ(tally.shown(minutes(999)), units(61));
    EXPECT_EQ(tally.shown(minutes(999) + seconds(59)), units(61));
}

TEST(Rolling, ALateEventCountsInItsOwnBucket) {
    Tally tally{.rule = rolling(1)};
    tally.count(1, minutes(50));
    EXPECT_EQ(tally.after(2, minutes(10)), units(3));
    tally.count(2, minutes(10));
    EXPECT_EQ(tally.shown(minutes(50)), units(3));
    EXPECT_EQ(tally.shown(minutes(71)), units(1));
}

TEST(Rolling, AnEventThatIsOlderThanTheWindowCountsNowhere) {
    Tally tally{.rule = rolling(1)};
    tally.count(1, hours(3));
    EXPECT_EQ(tally.after(7, hours(1)), units(1));
    tally.count(7, hours(1));
    EXPECT_EQ(tally.shown(hours(3)), units(1));
    EXPECT_EQ(tally.shown(hours(1)), units(1)) << "it shows no window that is gone";
}

/// A sender's clock is ahead; the others' events see all of their own window all the same.
TEST(Rolling, AClockThatIsAheadHidesNothing) {
    Tally tally{.rule = rolling(1)};
    tally.count(10, minutes(0));
    tally.count(1, minutes(60) + kEventSkewMax);
    EXPECT_EQ(tally.shown(minutes(60)), units(11));
    EXPECT_EQ(tally.shown(minutes(60) + kEventSkewMax), units(1));
}

TEST(Rolling, ForgettingShowsTheSame) {
    Tally tally{.rule = rolling(1)};
    for (int minute = 0; minute < 60; ++minute) tally.count(minute, minutes(minute));
    Tally later = tally;
    later.used = forget_until(later.rule, later.used, later.trail, kStart + minutes(90));
    EXPECT_EQ(later.used, tally.shown(minutes(90)));
    EXPECT_EQ(later.shown(minutes(90)), tally.shown(minutes(90)));
    EXPECT_EQ(later.shown(minutes(100)), tally.shown(minutes(100)));
}

}  // namespace
}  // namespace turnpike
