#include "metering/reservation.h"

#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace turnpike {
namespace {

const Instant kNow = from_unix_seconds(1'725'148'800);

Quantity units(std::int64_t n) { return Quantity::whole(n); }

UsageWindow window(std::int64_t included, Reset reset = {}) {
    return {.contract = std::nullopt,
            .meter_key = "api_calls",
            .reset = reset,
            .period = {kNow, kNow + std::chrono::hours(720)},
            .plan_version = PlanVersionId::trusted("pv_" + std::to_string(included)),
            .included = units(included)};
}
Counter counter(std::int64_t included, std::int64_t used, std::int64_t held) {
    Counter counter = open_counter(window(included));
    counter.used = units(used);
    counter.held = units(held);
    return counter;
}

TEST(Reservation, WhatIsHeldIsNobodyElses) {
    struct Case {
        const char* name;
        std::int64_t used, held, asked;
        bool fits;
    };
    const Case cases[] = {
        {"all of it", 0, 0, 100, true},           {"one too many", 0, 0, 101, false},
        {"beside usage", 60, 0, 40, true},        {"beyond it", 60, 0, 41, false},
        {"beside a hold", 30, 30, 40, true},      {"beyond them", 30, 30, 41, false},
        {"nothing fits always", 60, 40, 0, true},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        Counter held = counter(100, c.used, c.held), counted = held;
        EXPECT_EQ(hold_in(held, units(c.asked), kNow), c.fits);
        EXPECT_EQ(count_into(counted, units(c.asked), kNow), c.fits);
        EXPECT_EQ(held.held, units(c.held + (c.fits ? c.asked : 0)));
        EXPECT_EQ(held.used, units(c.used));
    }
}

TEST(Reservation, RemainingLeavesOutWhatIsHeld) {
    EXPECT_EQ(remaining_of(counter(100, 30, 20)), units(50));
    auto billed = window(100);
    billed.overage_unit_price = UnitPrice::parse("0.02");
    Counter open = open_counter(billed);
    open.used = units(30);
    open.held = units(90);
    EXPECT_EQ(remaining_of(open), units(0));
}

TEST(Reservation, ACommitCountsWhatWasUsed) {
    struct Case {
        const char* name;
        std::int64_t used, others, held, actual;
        bool fits;
    };
    const Case cases[] = {
        {"less", 60, 0, 40, 10, true},
        {"nothing", 60, 0, 40, 0, true},
        {"the same", 60, 0, 40, 40, true},
        {"a surplus that fits", 50, 0, 40, 50, true},
        {"a surplus that does not", 50, 0, 40, 51, false},
        {"a surplus that another holds", 50, 5, 40, 46, false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        Counter before = counter(100, c.used, c.held + c.others), after = before;
        ASSERT_EQ(commit_held(after, units(c.held), units(c.actual), kNow), c.fits);
        EXPECT_EQ(after.used, c.fits ? units(c.used + c.actual) : before.used);
        EXPECT_EQ(after.held, c.fits ? units(c.others) : before.held);
    }
}

TEST(Reservation, WhatWasPromisedOutlivesASmallerPlan) {
    // 60 used and 40 held of 100, then a plan of 50: nothing is left but the promise.
    Counter smaller = with_allowance(counter(100, 60, 40), window(50));
    EXPECT_EQ(smaller.hard_limit, units(100));
    Counter consumed = smaller;
    EXPECT_FALSE(count_into(consumed, units(1), kNow));
    Counter released = smaller;
    release_held(released, units(40));
    EXPECT_EQ(released.hard_limit, units(60));
    Counter committed = smaller;
    EXPECT_FALSE(commit_held(committed, units(40), units(41), kNow));
    ASSERT_TRUE(commit_held(committed, units(40), units(30), kNow));
    EXPECT_EQ(committed.used, units(90));
    EXPECT_EQ(committed.hard_limit, units(90));
}

TEST(Reservation, ARollingWindowHoldsBesideWhatItStillCounts) {
    Counter rolling = open_counter(window(100, {Reset::Kind::Rolling, 1}));
    ASSERT_TRUE(count_into(rolling, units(70), kNow));
    EXPECT_FALSE(hold_in(rolling, units(31), kNow));
    // Two hours later nothing of it is left in the window.
    const Instant later = kNow + std::chrono::hours(2);
    ASSERT_TRUE(hold_in(rolling, units(100), later));
    EXPECT_FALSE(count_into(rolling, units(1), later));
    ASSERT_TRUE(commit_held(rolling, units(100), units(80), later));
    EXPECT_EQ(as_of(rolling, later).used, units(80));
}

TEST(Reservation, TheMostThatCanBeCommittedIsWhatNobodyElseHasOrHolds) {
    struct Case {
        const char* name;
        std::int64_t used, held_by_all, held, most;
    };
    const Case cases[] = {
        {"alone", 0, 60, 60, 100},
        {"beside usage", 30, 60, 60, 70},
        {"beside another hold", 30, 65, 60, 65},
        {"nothing is left", 40, 60, 60, 60},
        {"of a plan that became smaller", 90, 20, 10, 10},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const Counter now = counter(100, c.used, c.held_by_all);
        EXPECT_EQ(commit_max(now, units(c.held), kNow), units(c.most));
    }
    Counter counted = counter(100, 30, 1);
    counted.aggregation = Meter::Aggregation::Count;
    EXPECT_EQ(commit_max(counted, units(1), kNow), kMaxQuantity) << "an event counts as one";
    Counter endless = counter(100, 30, 20);
    endless.hard_limit.reset();
    EXPECT_EQ(commit_max(endless, units(5), kNow), kMaxQuantity - units(45));
}

// The next greater quantity does not fit, in any kind of window, at any time of the event.
RC_GTEST_PROP(Reservation, TheMostThatCanBeCommittedFitsAndNoMoreDoes, ()) {
    const bool is_rolling = *rc::gen::arbitrary<bool>();
    Counter now = open_counter(window(100, is_rolling ? Reset{Reset::Kind::Rolling, 2} : Reset{}));
    for (int i = *rc::gen::inRange(0, 6); i > 0; --i)
        (void)count_into(now, units(*rc::gen::inRange(0, 40)),
                         kNow + std::chrono::minutes(*rc::gen::inRange(0, 400)));
    const Instant time = kNow + std::chrono::minutes(*rc::gen::inRange(0, 400));
    const Quantity held = units(*rc::gen::inRange(0, 30));
    now.held = held + units(*rc::gen::inRange(0, 40));
    const Quantity most = commit_max(now, held, time);
    Counter fits = now, exceeds = now;
    RC_ASSERT(commit_held(fits, held, most, time));
    RC_ASSERT(most == kMaxQuantity ||
              !commit_held(exceeds, held, most + Quantity::from_scaled(1), time));
}

TEST(Reservation, EveryStateAnswersACommitAndARelease) {
    using enum ReservationState;
    struct Case {
        ReservationState state;
        std::optional<Quantity> committed;
        EndVerdict commit, release;
    };
    const Case cases[] = {
        {Open, {}, EndVerdict::Ended, EndVerdict::Ended},
        {Committed, units(3), EndVerdict::Unchanged, EndVerdict::AlreadyCommitted},
        {Committed, units(4), EndVerdict::AlreadyCommitted, EndVerdict::AlreadyCommitted},
        {Released, {}, EndVerdict::Released, EndVerdict::Unchanged},
        {Expired, {}, EndVerdict::Expired, EndVerdict::Unchanged},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(to_text(c.state));
        EXPECT_EQ(commit_verdict(c.state, c.committed, units(3)), c.commit);
        EXPECT_EQ(release_verdict(c.state), c.release);
        EXPECT_EQ(parse_reservation_state(to_text(c.state)), c.state);
    }
    EXPECT_FALSE(parse_reservation_state("held"));
}

TEST(Reservation, ItIsOverAtItsLastMoment) {
    constexpr Duration kTick(1);
    EXPECT_FALSE(is_due(kNow, kNow - kTick));
    EXPECT_TRUE(is_due(kNow, kNow));
    EXPECT_FALSE(is_forgotten(kNow, kNow + kReservationMemory - kTick));
    EXPECT_TRUE(is_forgotten(kNow, kNow + kReservationMemory));
}

// Whatever is done in whatever order: used + held never passes the limit but by a smaller plan's
// promises, and what is held is the sum of the holds.
RC_GTEST_PROP(Reservation, HoldsAndUsageShareOneLimit, ()) {
    Counter now = counter(100, 0, 0);
    std::vector<Quantity> holds;
    const int steps = *rc::gen::inRange(0, 60);
    for (int i = 0; i < steps; ++i) {
        const Quantity value = units(*rc::gen::inRange(0, 60));
        const int step = *rc::gen::inRange(0, 5);
        if (step == 0) {
            (void)count_into(now, value, kNow);
        } else if (step == 1) {
            if (hold_in(now, value, kNow)) holds.push_back(value);
        } else if (step == 2) {
            now = with_allowance(std::move(now), window(*rc::gen::inRange(1, 200)));
        } else if (!holds.empty()) {
            const Quantity held = holds.back();
            const bool is_committed = step == 3 && commit_held(now, held, value, kNow);
            RC_ASSERT(step != 3 || is_committed || value > held);
            if (step == 4) release_held(now, held);
            if (step == 4 || is_committed) holds.pop_back();
        }
        Quantity sum;
        for (const Quantity held : holds) sum = sum + held;
        RC_ASSERT(now.held == sum);
        RC_ASSERT(now.used + now.held <= *now.hard_limit);
    }
}

}  // namespace
}  // namespace turnpike
