#include "entitlements/standing_cache.h"

#include <thread>

#include <gtest/gtest.h>

#include "metering/testing.h"
#include "metering/window_calendar.h"

namespace turnpike {
namespace {

using testing::kSeptember;
using testing::kStart;

CustomerId customer(int number) {
    const std::string digits = std::to_string(number);
    return CustomerId::trusted("cus_" + std::string(26 - digits.size(), '0') + digits);
}

std::shared_ptr<const PlanVersion> some_plan() {
    static const auto plan = std::make_shared<const PlanVersion>(
        PlanVersion{.id = PlanVersionId::trusted("pv_1"),
                    .plan = PlanId::trusted("plan_1"),
                    .key = "free",
                    .name = "FREE",
                    .rank = 0,
                    .is_default = true,
                    .number = 1,
                    .prices = {},
                    .allowances = {{"api_calls", Quantity::whole(100), OveragePolicy::Block, {}}}});
    return plan;
}

Counter counter(std::int64_t used) {
    const auto plan = some_plan();
    Counter made = open_counter(window_of(std::nullopt, kSeptember, plan->id,
                                          Meter::Aggregation::Sum, plan->allowances[0]));
    made.used = Quantity::whole(used);
    return made;
}

std::vector<Counter> moved(Counter counter) { return {std::move(counter)}; }

StandingCache::Snapshot snapshot(int number, std::int64_t used) {
    StandingSnapshot made{Standing{.customer = customer(number),
                                   .external_id = "user" + std::to_string(number),
                                   .plan = some_plan(),
                                   .subscription = std::nullopt,
                                   .status = std::nullopt,
                                   .period = kSeptember,
                                   .since = {},
                                   .until = kSeptember.end,
                                   .now = kStart,
                                   .time = Standing::Time::Running,
                                   .currency = Currency::Usd},
                          {{"api_calls", {counter(used)}}}};
    return std::make_shared<const StandingSnapshot>(std::move(made));
}

std::int64_t used_in(const StandingCache::Snapshot& found) {
    if (!found) return -1;
    return found->counters.at("api_calls").front().used.scaled() / Quantity::kOne;
}

TEST(StandingCache, FindsByEveryName) {
    StandingCache cache({});
    EXPECT_EQ(cache.find("user1", kStart), nullptr);
    cache.put(cache.ticket(), snapshot(1, 7));
    for (const std::string& ref :
         {std::string("user1"), std::string("ext:user1"), customer(1).text()})
        EXPECT_EQ(used_in(cache.find(ref, kStart)), 7) << ref;
    EXPECT_EQ(cache.find("user2", kStart), nullptr);
}

TEST(StandingCache, ACommitDuringALoadRefusesWhatWasLoaded) {
    StandingCache cache({});
    const auto ticket = cache.ticket();
    cache.count_moved(cache.ticket(), customer(1), moved(counter(8)));
    cache.put(ticket, snapshot(1, 7));
    EXPECT_EQ(cache.find("user1", kStart), nullptr);

    const auto second = cache.ticket();
    cache.invalidate(customer(1));
    cache.put(second, snapshot(1, 8));
    EXPECT_EQ(cache.find("user1", kStart), nullptr);

    cache.put(cache.ticket(), snapshot(1, 8));
    EXPECT_EQ(used_in(cache.find("user1", kStart)), 8);
}

/// `held` goes up and down, so `used` decides: where it is the same, nobody knows the later one.
TEST(StandingCache, WhatIsHeldIsNewerOnlyWithMoreUsage) {
    struct Case {
        const char* name;
        std::int64_t used, held;
        bool is_known;
        std::int64_t shown;  ///< held
    };
    const Case cases[] = {
        {"decided after more usage", 6, 0, true, 0}, {"told late", 4, 9, true, 3},
        {"the same once more", 5, 3, true, 3},       {"before or after a hold", 5, 4, false, 0},
        {"before or after its end", 5, 0, false, 0},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        StandingCache cache({});
        StandingSnapshot known = *snapshot(1, 5);
        known.counters.at("api_calls").front().held = Quantity::whole(3);
        cache.put(cache.ticket(), std::make_shared<const StandingSnapshot>(std::move(known)));
        Counter told = counter(c.used);
        told.held = Quantity::whole(c.held);
        cache.count_moved(cache.ticket(), customer(1), moved(told));
        const auto found = cache.find("user1", kStart);
        EXPECT_EQ(found != nullptr, c.is_known);
        if (found) {
            EXPECT_EQ(found->counters.at("api_calls").front().held, Quantity::whole(c.shown));
        }
    }
}

/// A correction takes usage away: then not even more of it is newer.
TEST(StandingCache, AHoldOfBeforeACorrectionIsNotBelieved) {
    StandingCache cache({});
    const auto before = cache.ticket();
    cache.counts_fell(customer(1));
    cache.put(cache.ticket(), snapshot(1, 2));
    Counter told = counter(5);
    told.held = Quantity::whole(3);
    cache.count_moved(before, customer(1), moved(told));
    EXPECT_EQ(cache.find("user1", kStart), nullptr);
}

TEST(StandingCache, CountsOnlyMoveForward) {
    StandingCache cache({});
    cache.put(cache.ticket(), snapshot(1, 5));
    cache.count_moved(cache.ticket(), customer(1), moved(counter(7)));
    cache.count_moved(cache.ticket(), customer(1), moved(counter(6)));
    EXPECT_EQ(used_in(cache.find("user1", kStart)), 7);

    Counter next_month = counter(1);
    next_month.period.start = kSeptember.end;
    cache.count_moved(cache.ticket(), customer(1), moved(next_month));
    EXPECT_EQ(used_in(cache.find("user1", kStart)), 7);
}

/// 7 were used when a request counted the seventh; then 3 were taken away, and 4 are left.
TEST(StandingCache, AnAnswerFromBeforeACorrectionDoesNotBringItsUsageBack) {
    StandingCache cache({});
    cache.put(cache.ticket(), snapshot(1, 6));
    const auto before = cache.ticket();
    cache.counts_fell(customer(1));
    EXPECT_EQ(cache.find("user1", kStart), nullptr) << "nobody knows the counts";
    cache.put(before, snapshot(1, 6));
    EXPECT_EQ(cache.find("user1", kStart), nullptr) << "read before it";
    cache.put(cache.ticket(), snapshot(1, 4));
    ASSERT_EQ(used_in(cache.find("user1", kStart)), 4);

    cache.count_moved(before, customer(1), moved(counter(7)));
    EXPECT_EQ(cache.find("user1", kStart), nullptr) << "asked again rather than believed";
    cache.put(cache.ticket(), snapshot(1, 4));
    cache.count_moved(cache.ticket(), customer(1), moved(counter(5)));
    EXPECT_EQ(used_in(cache.find("user1", kStart)), 5) << "counted after it";
}

TEST(StandingCache, WhatIsInvalidIsKeptForBadDaysOnly) {
    StandingCache cache({});
    cache.put(cache.ticket(), snapshot(1, 5));
    cache.invalidate(customer(1));
    EXPECT_EQ(cache.find("user1", kStart), nullptr);
    EXPECT_EQ(used_in(cache.find("user1", kStart, StandingCache::Age::Any)), 5);
    cache.clear();
    EXPECT_EQ(cache.find("user1", kStart, StandingCache::Age::Any), nullptr);
}

TEST(StandingCache, WhatWasOnlySeenIsForBadDays) {
    StandingCache cache({});
    const auto seen_by = [&](StandingCache::Age age) { return cache.find("user1", kStart, age); };
    cache.seen(cache.ticket(), snapshot(1, 0)->standing);
    EXPECT_EQ(seen_by(StandingCache::Age::Fresh), nullptr);
    ASSERT_NE(seen_by(StandingCache::Age::Any), nullptr);
    EXPECT_EQ(seen_by(StandingCache::Age::Any)->standing.plan->key, "free");

    cache.count_moved(cache.ticket(), customer(1), moved(counter(8)));
    EXPECT_EQ(seen_by(StandingCache::Age::Fresh), nullptr) << "other meters are not known";
    cache.put(cache.ticket(), snapshot(1, 8));
    EXPECT_EQ(used_in(seen_by(StandingCache::Age::Fresh)), 8);
    cache.seen(cache.ticket(), snapshot(1, 0)->standing);
    EXPECT_EQ(used_in(seen_by(StandingCache::Age::Fresh)), 8) << "nothing new";
}

TEST(StandingCache, AStandingOutlivesItsCounts) {
    StandingCache cache({});
    EXPECT_FALSE(cache.find_standing("user1", kStart));
    cache.seen(cache.ticket(), snapshot(1, 0)->standing);
    const Instant later = kStart + std::chrono::hours(1);
    ASSERT_TRUE(cache.find_standing("ext:user1", later));
    EXPECT_EQ(cache.find_standing("user1", later)->now, later) << "time runs";
    EXPECT_FALSE(cache.find_standing("user1", kSeptember.end)) << "another period";

    cache.put(cache.ticket(), snapshot(1, 5));
    cache.counts_moved(customer(1));
    EXPECT_EQ(cache.find("user1", kStart), nullptr);
    EXPECT_TRUE(cache.find_standing("user1", kStart));

    const auto before = cache.ticket();
    cache.invalidate(customer(1));
    EXPECT_FALSE(cache.find_standing("user1", kStart));
    cache.seen(before, snapshot(1, 0)->standing);
    EXPECT_FALSE(cache.find_standing("user1", kStart)) << "it was read before the change";
    cache.seen(cache.ticket(), snapshot(1, 0)->standing);
    EXPECT_TRUE(cache.find_standing("user1", kStart));
    EXPECT_EQ(cache.find("user1", kStart), nullptr)
        << "the counts of before are not believed again";
}

TEST(StandingCache, AFrozenClocksTimeStands) {
    StandingCache cache({});
    StandingSnapshot frozen = *snapshot(1, 5);
    frozen.standing.time = Standing::Time::Frozen;
    cache.put(cache.ticket(), std::make_shared<const StandingSnapshot>(frozen));
    const auto found = cache.find_standing("user1", kSeptember.end + std::chrono::days(400));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->now, kStart);
}

/// On PostgreSQL each use sees the standing again, and another node may have moved the counts.
TEST(StandingCache, SeeingAStandingDoesNotMakeItsCountsYounger) {
    StandingCache cache({.capacity = 10, .age_max = std::chrono::milliseconds(30)});
    cache.put(cache.ticket(), snapshot(1, 5));
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
    cache.seen(cache.ticket(), snapshot(1, 0)->standing);
    EXPECT_EQ(cache.find("user1", kStart), nullptr);
}

TEST(StandingCache, AnotherPlanThatIsSeenTakesTheOldOnesPlace) {
    StandingCache cache({});
    cache.put(cache.ticket(), snapshot(1, 5));
    Standing better = snapshot(1, 0)->standing;
    PlanVersion plan = *better.plan;
    plan.id = PlanVersionId::trusted("pv_2");
    plan.key = "pro";
    better.plan = std::make_shared<const PlanVersion>(plan);
    const auto before = cache.ticket();
    cache.invalidate(customer(1));
    cache.seen(before, better);
    EXPECT_EQ(cache.find("user1", kStart, StandingCache::Age::Any)->standing.plan->key, "free")
        << "what was read before the change may be older than it";
    const auto after = cache.ticket();
    cache.count_moved(cache.ticket(), customer(1),
                      moved(counter(6)));  // says nothing about the plan
    cache.seen(after, better);
    EXPECT_EQ(cache.find("user1", kStart, StandingCache::Age::Any)->standing.plan->key, "pro");
    EXPECT_EQ(cache.find("user1", kStart), nullptr);
}

TEST(StandingCache, NothingOutlivesItsPeriodOrItsAge) {
    StandingCache cache({});
    cache.put(cache.ticket(), snapshot(1, 5));
    EXPECT_NE(cache.find("user1", kSeptember.end - Duration(1)), nullptr);
    EXPECT_EQ(cache.find("user1", kSeptember.end), nullptr);

    StandingCache brief({.capacity = 10, .age_max = std::chrono::milliseconds(30)});
    brief.put(brief.ticket(), snapshot(1, 5));
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
    EXPECT_EQ(brief.find("user1", kStart), nullptr);
    EXPECT_NE(brief.find("user1", kStart, StandingCache::Age::Any), nullptr);
    EXPECT_EQ(StandingCache::Config::for_engine("postgres").age_max, std::chrono::seconds(1));
}

Counter counted(const char* reset, Meter::Aggregation aggregation) {
    const auto plan = some_plan();
    Allowance allowance = plan->allowances[0];
    allowance.reset = *parse_reset(reset);
    return open_counter(window_of(std::nullopt, window_at(allowance.reset, kSeptember, kStart),
                                  plan->id, aggregation, allowance));
}

/// customer(1) with this counter alone.
StandingCache::Snapshot snapshot_of(const Counter& counter) {
    StandingSnapshot made = *snapshot(1, 0);
    made.counters.at("api_calls") = {counter};
    if (counter.reset.kind == Reset::Kind::Day) made.counts_until = counter.period.end;
    return std::make_shared<const StandingSnapshot>(std::move(made));
}

TEST(StandingCache, YesterdaysCountsAreNotTodays) {
    StandingCache cache({});
    const Counter day = counted("day", Meter::Aggregation::Sum);
    const Instant midnight = kStart + std::chrono::hours(24);
    cache.put(cache.ticket(), snapshot_of(day));
    EXPECT_NE(cache.find("user1", midnight - Duration(1)), nullptr);
    EXPECT_EQ(cache.find("user1", midnight), nullptr);
    EXPECT_TRUE(cache.find_standing("user1", midnight)) << "the plan is the same";

    // A count of the next day says nothing about this one.
    Counter tomorrow = day;
    tomorrow.period = {midnight, midnight + std::chrono::hours(24)};
    tomorrow.used = Quantity::whole(9);
    cache.count_moved(cache.ticket(), customer(1), moved(tomorrow));
    EXPECT_EQ(used_in(cache.find("user1", kStart)), 0);

    StandingSnapshot frozen = *snapshot_of(day);
    frozen.standing.time = Standing::Time::Frozen;
    cache.put(cache.ticket(), std::make_shared<const StandingSnapshot>(frozen));
    EXPECT_NE(cache.find("user1", midnight), nullptr) << "a frozen clock stays in its day";
}

TEST(StandingCache, WhatCanFallIsTakenOverByItsTime) {
    StandingCache cache({});
    Counter last = counted("billing_period", Meter::Aggregation::Last);
    const auto at = [&](std::int64_t value, int minutes) {
        Counter counter = last;
        EXPECT_TRUE(
            count_into(counter, Quantity::whole(value), kStart + std::chrono::minutes(minutes)));
        return moved(counter);
    };
    cache.put(cache.ticket(), snapshot_of(last));
    cache.count_moved(cache.ticket(), customer(1), at(9, 1));
    EXPECT_EQ(used_in(cache.find("user1", kStart)), 9);
    cache.count_moved(cache.ticket(), customer(1), at(2, 3));
    EXPECT_EQ(used_in(cache.find("user1", kStart)), 2) << "later, and lower";
    cache.count_moved(cache.ticket(), customer(1), at(7, 2));
    EXPECT_EQ(used_in(cache.find("user1", kStart)), 2) << "an earlier one that came late";
    cache.count_moved(cache.ticket(), customer(1), at(2, 3));
    EXPECT_EQ(used_in(cache.find("user1", kStart)), 2);
    cache.count_moved(cache.ticket(), customer(1), at(5, 3));
    EXPECT_EQ(cache.find("user1", kStart), nullptr) << "nobody can tell which was the later one";
}

TEST(StandingCache, CountersMoveTogether) {
    StandingCache cache({});
    const Counter month = counted("billing_period", Meter::Aggregation::Sum);
    const Counter rolling = counted("rolling_5h", Meter::Aggregation::Sum);
    StandingSnapshot made = *snapshot(1, 0);
    made.counters.at("api_calls") = {month, rolling};
    cache.put(cache.ticket(), std::make_shared<const StandingSnapshot>(made));
    std::vector<Counter> counters{month, rolling};
    for (Counter& counter : counters) EXPECT_TRUE(count_into(counter, Quantity::whole(4), kStart));
    cache.count_moved(cache.ticket(), customer(1), counters);
    const auto found = cache.find("user1", kStart);
    ASSERT_NE(found, nullptr);
    for (const Counter& counter : found->counters.at("api_calls"))
        EXPECT_EQ(counter.used, Quantity::whole(4)) << to_text(counter.reset);
}

TEST(StandingCache, IsBounded) {
    StandingCache cache({.capacity = 160, .age_max = std::chrono::seconds(60)});
    for (int i = 0; i < 10'000; ++i) cache.put(cache.ticket(), snapshot(i, 1));
    for (int i = 0; i < 10'000; ++i) cache.seen(cache.ticket(), snapshot(i, 1)->standing);
    EXPECT_LE(cache.size(), 160U + 16U);
    EXPECT_GE(cache.size(), 100U);
}

}  // namespace
}  // namespace turnpike
