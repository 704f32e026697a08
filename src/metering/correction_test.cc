#include "metering/correction.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "metering/reservation.h"
#include "metering/usage_model_testing.h"

namespace turnpike {
namespace {

using enum Meter::Aggregation;
using Quantities = std::vector<Quantity>;

const Correction kVoid{Correction::Kind::Void, "shop", "1"};

Correction amend(std::int64_t units) {
    return {Correction::Kind::Amend, "shop", "1", Quantity::whole(units)};
}
RecordedCount count(Meter::Aggregation aggregation, std::int64_t units, const char* reset = "day") {
    return {{aggregation, *parse_reset(reset)}, Quantity::whole(units)};
}

TEST(ChangesOf, ACorrectionTakesWhatTheEventCountsNow) {
    struct Case {
        const char* name;
        Correction correction;
        EventStatus status;
        std::vector<RecordedCount> counts;
        std::vector<std::int64_t> differences;
        std::string code;
    };
    const EventStatus fresh, voided{true, {}}, amended{false, Quantity::whole(3)};
    const Case cases[] = {
        {"a void takes all", kVoid, fresh, {count(Sum, 5), count(Count, 1)}, {-5, -1}, ""},
        {"of an amended one, what it became", kVoid, amended, {count(Sum, 5)}, {-3}, ""},
        {"a count is no quantity", kVoid, amended, {count(Sum, 5), count(Count, 1)}, {-3, -1}, ""},
        {"less", amend(2), fresh, {count(Sum, 5)}, {-3}, ""},
        {"more", amend(9), fresh, {count(Sum, 5)}, {4}, ""},
        {"nothing at all", amend(0), fresh, {count(Sum, 5)}, {-5}, ""},
        {"the newest holds", amend(9), amended, {count(Sum, 5)}, {6}, ""},
        {"one event still", amend(9), fresh, {count(Count, 1), count(Sum, 5)}, {0, 4}, ""},
        {"every window", amend(9), fresh, {count(Sum, 5), count(Sum, 5, "rolling_1h")}, {4, 4}, ""},
        {"once", kVoid, voided, {count(Sum, 5)}, {}, "already_voided"},
        {"not after a void", amend(9), voided, {count(Sum, 5)}, {}, "already_voided"},
        {"no quantity", amend(9), fresh, {count(Count, 1)}, {}, "not_amendable"},
        {"different values", amend(9), fresh, {count(Unique, 1)}, {}, "not_amendable"},
        {"two quantities", amend(9), fresh, {count(Sum, 5), count(Max, 6)}, {}, "not_amendable"},
        {"a peak", amend(9), fresh, {count(Sum, 5), count(Max, 5)}, {4, 4}, ""},
        {"a level", amend(1), amended, {count(Min, 5), count(Last, 5)}, {-2, -2}, ""},
        {"its value among others", amend(9), fresh, {count(Unique, 1), count(Last, 5)}, {0, 4}, ""},
        {"all of them", kVoid, amended, {count(Unique, 1), count(Max, 5)}, {-1, -3}, ""},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto changes = changes_of(c.correction, c.status, c.counts);
        if (!changes) {
            EXPECT_EQ(changes.error().code, c.code);
            continue;
        }
        Quantities expected, differences;
        for (const std::int64_t units : c.differences) expected.push_back(Quantity::whole(units));
        for (const ValueChange& change : *changes) {
            differences.push_back(change.difference());
            EXPECT_EQ(change.to.has_value(), c.correction.kind == Correction::Kind::Amend);
        }
        EXPECT_EQ(differences, expected);
        EXPECT_EQ(c.code, "");
    }
}

/// Ten included and blocked, then 20 included with overage at 0.5 up to 3: six units.
UsageWindow first_plan() {
    auto window = testing::model_window({Sum, {}}, 0);
    window.included = Quantity::whole(10);
    return window;
}
UsageWindow second_plan() {
    auto window = testing::model_window({Sum, {}}, 2);
    window.included = Quantity::whole(20);
    window.overage_unit_price = UnitPrice::parse("0.5");
    window.overage_cap = UnitPrice::whole(3);
    return window;
}
/// 8 under the first plan, 12 under the second: 20 covered, limit 8 + 12 + 6.
Counter upgraded() {
    Counter counter = open_counter(first_plan());
    EXPECT_TRUE(count_into(counter, Quantity::whole(8), {}));
    counter = with_allowance(counter, second_plan());
    EXPECT_TRUE(count_into(counter, Quantity::whole(12), {}));
    EXPECT_EQ(counter.hard_limit, Quantity::whole(26));
    return counter;
}

TEST(Corrected, UsageLeavesTheSegmentInWhichItCounted) {
    struct Case {
        const char* name;
        std::size_t segment;
        std::int64_t change, used, from_used, hard_limit;
    };
    const Case cases[] = {
        // Less was covered before: the second plan covers as much more.
        {"of the first", 0, -5, 15, 3, 26},      {"all of the first", 0, -8, 12, 0, 26},
        {"of the second", 1, -12, 8, 8, 26},     {"more in the first", 0, 2, 22, 10, 26},
        {"more in the second", 1, 6, 26, 8, 26},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const Counter before = upgraded();
        const auto after = corrected(before, {c.segment, Quantity::whole(c.change), {}});
        ASSERT_TRUE(after);
        EXPECT_EQ(after->used, Quantity::whole(c.used));
        EXPECT_EQ(after->segments[1].from_used, Quantity::whole(c.from_used));
        EXPECT_EQ(after->hard_limit, Quantity::whole(c.hard_limit));
        EXPECT_FALSE(bound_passed(before, *after, {}));
    }
    EXPECT_FALSE(corrected(upgraded(), {0, Quantity::whole(-9), {}})) << "8 were counted there";
    EXPECT_FALSE(corrected(upgraded(), {1, Quantity::whole(-13), {}}));
    EXPECT_FALSE(corrected(upgraded(), {2, Quantity::whole(-1), {}})) << "there is no third";
}

TEST(Corrected, AnAmendPassesNoAllowancesLimit) {
    const Counter before = upgraded();
    const auto is_let_in = [&](std::size_t segment, std::int64_t change) {
        return !bound_passed(before, *corrected(before, {segment, Quantity::whole(change), {}}),
                             {});
    };
    EXPECT_TRUE(is_let_in(0, 2));
    EXPECT_FALSE(is_let_in(0, 3)) << "the first plan stopped at ten";
    EXPECT_TRUE(is_let_in(1, 6));
    EXPECT_FALSE(is_let_in(1, 7)) << "the cap pays for six";
}

/// Ten included and blocked: 6 used, 3 held.
Counter with_a_hold() {
    Counter counter = open_counter(first_plan());
    EXPECT_TRUE(count_into(counter, Quantity::whole(6), {}));
    EXPECT_TRUE(hold_in(counter, Quantity::whole(3), {}));
    return counter;
}

TEST(Corrected, AnAmendIsToldWhatItPasses) {
    UsageWindow endless = second_plan();
    endless.overage_cap = std::nullopt;
    Counter before = open_counter(first_plan());
    ASSERT_TRUE(count_into(before, Quantity::whole(8), {}));
    before = with_allowance(before, endless);
    ASSERT_TRUE(count_into(before, kMaxQuantity - Quantity::whole(10), {}));
    const auto bound = [&](std::size_t segment, std::int64_t change) {
        const auto after = corrected(before, {segment, Quantity::whole(change), {}});
        return bound_passed(before, after.value(), {});
    };
    EXPECT_EQ(bound(0, 2), std::nullopt) << "ten of the first plan, 10^12 of both";
    EXPECT_EQ(bound(1, 2), std::nullopt);
    EXPECT_EQ(bound(1, 3), Bound::Range);
    const auto eleven = corrected(open_counter(first_plan()), {0, Quantity::whole(11), {}});
    EXPECT_EQ(bound_passed(open_counter(first_plan()), eleven.value(), {}), Bound::Allowance);
}

TEST(Corrected, WhatIsHeldIsNoAmendsRoom) {
    const Counter before = with_a_hold();
    const auto after = [&](std::int64_t change) {
        return *corrected(before, {0, Quantity::whole(change), {}});
    };
    EXPECT_FALSE(bound_passed(before, after(1), {})) << "7 + 3";
    EXPECT_TRUE(bound_passed(before, after(2), {})) << "8 + 3";
    EXPECT_EQ(after(-6).held, Quantity::whole(3));
    EXPECT_EQ(after(-6).hard_limit, Quantity::whole(10));
}

/// 6 used and 3 held of ten; a smaller plan includes 4 and has nothing left, so that 9 is the end.
TEST(Corrected, WhatWasPromisedUnderALargerPlanStands) {
    UsageWindow smaller = testing::model_window({Sum, {}}, 1);
    smaller.included = Quantity::whole(4);
    smaller.overage_unit_price = smaller.overage_cap = std::nullopt;
    Counter before = with_allowance(with_a_hold(), smaller);
    ASSERT_EQ(before.hard_limit, Quantity::whole(9));

    // Without the six, the smaller plan has its four left: 0 + 4, and 3 of them are held.
    const auto voided = corrected(before, {0, Quantity::whole(-6), {}});
    EXPECT_EQ(voided->hard_limit, Quantity::whole(4));
    // With two of them gone it has none, and the three are held all the same: 4 + 3.
    const auto less = corrected(before, {0, Quantity::whole(-2), {}});
    EXPECT_EQ(less->hard_limit, Quantity::whole(7));
    EXPECT_FALSE(bound_passed(before, *less, {}));

    // Nothing is let in beside them: they are more than the smaller plan has left.
    for (const std::size_t segment : {0U, 1U}) {
        const auto more = corrected(before, {segment, Quantity::whole(1), {}});
        EXPECT_TRUE(bound_passed(before, *more, {})) << segment;
    }
}

TEST(Corrected, ARollingWindowLosesItFromItsOwnTime) {
    auto window = testing::model_window({Sum, *parse_reset("rolling_1h")}, 0);
    window.included = Quantity::whole(10);
    Counter counter = open_counter(window);
    const Instant early = testing::kModelStart, late = early + std::chrono::minutes(30);
    ASSERT_TRUE(count_into(counter, Quantity::whole(4), early));
    ASSERT_TRUE(count_into(counter, Quantity::whole(6), late));
    const auto without = corrected(counter, {0, Quantity::whole(-4), early});
    EXPECT_EQ(without->used, Quantity::whole(6));
    EXPECT_EQ(without->trail.buckets.size(), 1U);
    EXPECT_FALSE(corrected(counter, {0, Quantity::whole(-5), early}));
    const auto more = corrected(counter, {0, Quantity::whole(1), early});
    EXPECT_TRUE(bound_passed(counter, *more, late));
    EXPECT_FALSE(bound_passed(counter, *more, early + std::chrono::minutes(62)))
        << "the early ones have left the window";
    // A minute that became empty takes usage again.
    const auto filled = corrected(*without, {0, Quantity::whole(3), early});
    EXPECT_EQ(filled->used, Quantity::whole(9));
    EXPECT_EQ(filled->trail.buckets.front().used, Quantity::whole(3));
    EXPECT_FALSE(corrected(*without, {0, Quantity::whole(-1), early}));
    // What has left the window does not come back.
    const Instant next_day = early + std::chrono::hours(24);
    ASSERT_TRUE(count_into(counter, Quantity::whole(1), next_day));
    for (const std::int64_t change : {-4, 3}) {
        const auto still = corrected(counter, {0, Quantity::whole(change), early});
        EXPECT_EQ(still->used, Quantity::whole(1));
        EXPECT_EQ(still->trail, counter.trail);
    }
}

/// Usage of one counter, with the segments in which it came.
struct Used {
    Quantity value;
    std::size_t segment;
    Instant time;
};

RC_GTEST_PROP(Corrected, VoidingEverythingGivesZero, ()) {
    const char* reset = *rc::gen::element("billing_period", "lifetime", "rolling_1h");
    const CountRule rule{Sum, *parse_reset(reset)};
    Counter counter = open_counter(testing::model_window(rule, 0));
    std::vector<Used> all;
    Instant clock = testing::kModelStart;
    for (int i = *rc::gen::inRange(0, 30); i > 0; --i) {
        clock += std::chrono::minutes(*rc::gen::element(0, 1, 50));
        const int plan = *rc::gen::inRange(0, testing::kModelPlans);
        if (*rc::gen::inRange(0, 4) == 0)
            counter = under_window(counter, testing::model_window(rule, plan));
        const auto value = Quantity::from_scaled(*rc::gen::inRange<std::int64_t>(0, 4'000'000));
        if (count_into(counter, value, clock))
            all.push_back({value, counter.segments.size() - 1, clock});
    }
    if (can_fall(rule))
        for (Used& one : all) one.segment = 0;
    const Counter whole = counter;
    while (!all.empty()) {
        const auto at = static_cast<std::ptrdiff_t>(*rc::gen::inRange<std::size_t>(0, all.size()));
        const Used one = all[static_cast<std::size_t>(at)];
        const auto without = corrected(counter, {one.segment, Quantity{} - one.value, one.time});
        RC_ASSERT(without.has_value());
        RC_ASSERT(!bound_passed(counter, *without, clock));
        if (!can_fall(rule)) {
            RC_ASSERT(without->used <= without->hard_limit.value_or(kMaxQuantity));
            // The same event again, as it was: nothing has happened.
            const auto again = corrected(*without, {one.segment, one.value, one.time});
            RC_ASSERT(again->used == counter.used);
            RC_ASSERT(again->hard_limit == counter.hard_limit);
            RC_ASSERT(!bound_passed(*without, *again, clock));
        }
        counter = *without;
        all.erase(all.begin() + at);
    }
    RC_ASSERT(counter.used == Quantity{});
    RC_ASSERT(counter.trail.buckets.empty());
    RC_ASSERT(whole.segments.size() == counter.segments.size());
}

}  // namespace
}  // namespace turnpike
