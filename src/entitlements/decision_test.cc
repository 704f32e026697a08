#include "entitlements/decision.h"

#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "metering/window_calendar.h"

namespace turnpike {
namespace {

const Period kMonth{from_unix_seconds(1'725'148'800), from_unix_seconds(1'727'740'800)};

Quantity units(std::int64_t n) { return Quantity::whole(n); }

PlanVersion plan(const char* key, int rank, std::int64_t cents,
                 std::optional<Allowance> allowance) {
    PlanVersion version{.id = PlanVersionId::trusted(std::string("pv_") + key),
                        .plan = PlanId::trusted(std::string("plan_") + key),
                        .key = key,
                        .name = std::string("Plan ") + key,
                        .rank = rank,
                        .is_default = rank == 0,
                        .number = 1,
                        .prices = {},
                        .allowances = {}};
    version.prices.push_back({PriceId::trusted("price_x"), {}, Money(cents, Currency::Usd)});
    if (allowance) version.allowances.push_back(*allowance);
    return version;
}

Allowance blocked(std::int64_t included) {
    return {"api_calls", units(included), OveragePolicy::Block, std::nullopt};
}
Allowance billed(std::int64_t included) {
    return {"api_calls", units(included), OveragePolicy::Bill, UnitPrice::parse("0.02")};
}

DecisionFacts facts_of(const PlanVersion& version, std::span<const Counter> counters,
                       const Catalog& catalog, Instant now = kMonth.start) {
    return {version, counters, now, kMonth, "api_calls", catalog, Currency::Usd};
}

class Deciding : public ::testing::Test {
protected:
    Deciding() {
        catalog_.plans = {plan("free", 0, 0, blocked(100)), plan("extras", 1, 500, std::nullopt),
                          plan("pro", 2, 9'900, billed(10'000))};
    }
    Decision ask(const char* key, std::int64_t used, std::int64_t requested,
                 std::int64_t held = 0) {
        const PlanVersion& version = *catalog_.plan(key);
        std::vector<Counter> counters;
        for (const Allowance& allowance : version.allowances_of("api_calls")) {
            counters.push_back(open_counter(
                window_of(std::nullopt, kMonth, version.id, Meter::Aggregation::Sum, allowance)));
            counters.back().used = units(used);
            counters.back().held = units(held);
        }
        return decide(facts_of(version, counters, catalog_), units(requested));
    }
    Catalog catalog_;
};

TEST_F(Deciding, WhatIsReservedIsNotThere) {
    struct Case {
        const char* name;
        const char* plan;
        std::int64_t used, held, requested;
        bool allowed;
        const char* reason;
        std::int64_t remaining;
    };
    const Case cases[] = {
        {"beside a hold", "free", 30, 60, 10, true, "within_allowance", 10},
        {"beyond it", "free", 30, 60, 11, false, "limit_exceeded", 10},
        {"all is held", "free", 0, 100, 1, false, "limit_exceeded", 0},
        {"PRO, what the holds leave", "pro", 9'000, 900, 100, true, "within_allowance", 100},
        {"PRO, overage behind the holds", "pro", 9'000, 900, 101, true, "overage", 100},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const Decision decision = ask(c.plan, c.used, c.requested, c.held);
        EXPECT_EQ(decision.allowed, c.allowed);
        EXPECT_EQ(to_text(decision.reason), c.reason);
        EXPECT_EQ(decision.remaining, units(c.remaining));
        EXPECT_EQ(decision.used, units(c.used));
        EXPECT_EQ(decision.reserved, units(c.held));
    }
}

TEST_F(Deciding, FollowsTheAllowance) {
    struct Case {
        const char* name;
        const char* plan;
        std::int64_t used, requested;
        bool allowed;
        const char* reason;
        std::int64_t remaining;
    };
    const Case cases[] = {
        {"FREE call 1", "free", 0, 1, true, "within_allowance", 100},
        {"FREE call 100", "free", 99, 1, true, "within_allowance", 1},
        {"FREE call 101", "free", 100, 1, false, "limit_exceeded", 0},
        {"FREE, a call that does not fit whole", "free", 98, 3, false, "limit_exceeded", 2},
        {"FREE, asking for nothing", "free", 100, 0, true, "within_allowance", 0},
        {"PRO call 10,000", "pro", 9'999, 1, true, "within_allowance", 1},
        {"PRO call 10,001", "pro", 10'000, 1, true, "overage", 0},
        {"PRO, partly over", "pro", 9'999, 2, true, "overage", 1},
        {"not in the plan", "extras", 0, 1, false, "not_in_plan", 0},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const Decision decision = ask(c.plan, c.used, c.requested);
        EXPECT_EQ(decision.allowed, c.allowed);
        EXPECT_EQ(to_text(decision.reason), c.reason);
        EXPECT_EQ(decision.remaining, units(c.remaining));
        EXPECT_EQ(decision.plan, c.plan);
        EXPECT_EQ(decision.resets_at, kMonth.end);
        EXPECT_EQ(decision.upgrade.has_value(), !c.allowed);
    }
}

TEST_F(Deciding, OffersTheNextPlanThatHelps) {
    const auto hint = ask("free", 100, 1).upgrade;
    ASSERT_TRUE(hint);
    EXPECT_EQ(hint->plan, "pro");  // "extras" is next, but has none of it
    EXPECT_EQ(hint->name, "Plan pro");
    EXPECT_EQ(hint->price, Money(9'900, Currency::Usd));
    const PlanVersion& pro = *catalog_.plan("pro");
    EXPECT_FALSE(upgrade_from(facts_of(pro, {}, catalog_), pro.allowances.data()));
}

TEST_F(Deciding, NothingPassesWhatACounterCanHold) {
    const Quantity most = units(1'000'000'000'000);
    catalog_.plans.push_back(plan("max", 3, 99'900, billed(1'000'000'000)));
    for (const std::int64_t used : {999'999'999'998, 1'000'000'000'000}) {
        const Decision decision = ask("pro", used, 3);
        EXPECT_FALSE(decision.allowed);
        EXPECT_EQ(to_text(decision.reason), "counter_full");
        EXPECT_EQ(decision.limit, most);
        EXPECT_EQ(decision.remaining, most - units(used));
        EXPECT_FALSE(decision.overage_allowed) << "not on and on";
        EXPECT_EQ(decision.resets_at, kMonth.end);
        EXPECT_FALSE(decision.upgrade) << "a larger plan counts in the same counter";
    }
    EXPECT_EQ(ask("pro", 999'999'999'998, 2).reason, DecisionReason::Overage);
    EXPECT_EQ(ask("free", 0, 1'000'000'000'000).reason, DecisionReason::LimitExceeded);
}

RC_GTEST_PROP(DecisionProperty, ABlockedPlanAllowsExactlyWhatRemains, ()) {
    const auto included = *rc::gen::inRange<std::int64_t>(0, 1'000);
    const auto used = *rc::gen::inRange<std::int64_t>(0, included + 1);
    const auto requested = *rc::gen::inRange<std::int64_t>(0, 2'000);
    Catalog catalog;
    catalog.plans = {plan("free", 0, 0, blocked(included))};
    const PlanVersion& version = catalog.plans[0];
    std::vector<Counter> counters{open_counter(window_of(
        std::nullopt, kMonth, version.id, Meter::Aggregation::Sum, version.allowances[0]))};
    counters[0].used = units(used);
    RC_ASSERT(decide(facts_of(version, counters, catalog), units(requested)).allowed ==
              (used + requested <= included));
}

/// Wednesday, 2024-09-11T12:00:00Z.
const Instant kNoon = from_unix_seconds(1'726'056'000);
const Instant kMidnight = kNoon + std::chrono::hours(12);
const Instant kMonday = kNoon + std::chrono::hours(12 + 4 * 24);

/// One window of a meter under one plan.
struct Window {
    const char* reset;
    std::int64_t included;
    OveragePolicy overage = OveragePolicy::Block;
    const char* price = nullptr;
    const char* cap = nullptr;
    Meter::Aggregation aggregation = Meter::Aggregation::Sum;
};

Allowance allowance_of(const Window& window) {
    Allowance allowance{.meter_key = "api_calls",
                        .included = units(window.included),
                        .overage = window.overage,
                        .overage_unit_price = {},
                        .reset = *parse_reset(window.reset)};
    if (window.price != nullptr) allowance.overage_unit_price = UnitPrice::parse(window.price);
    if (window.cap != nullptr) allowance.overage_cap = UnitPrice::parse(window.cap);
    return allowance;
}

Counter counter_of(const Window& window) {
    const Allowance allowance = allowance_of(window);
    return open_counter(window_of(std::nullopt, window_at(allowance.reset, kMonth, kNoon),
                                  PlanVersionId::trusted("pv_free"), window.aggregation,
                                  allowance));
}

Counter used(const Window& window, std::int64_t units_used, Instant time = kNoon) {
    Counter counter = counter_of(window);
    EXPECT_TRUE(count_into(counter, units(units_used), time));
    return counter;
}

Decision ask(const std::vector<Counter>& counters, std::int64_t requested, Instant now = kNoon) {
    Catalog catalog;
    catalog.plans = {plan("free", 0, 0, blocked(100))};
    return decide(facts_of(catalog.plans[0], counters, catalog, now), units(requested));
}

TEST(DecidingOverWindows, TheTightestOneAnswers) {
    struct Case {
        const char* name;
        std::int64_t of_month, of_week, of_day, requested;
        const char* reason;
        const char* reset;
        std::int64_t limit, remaining;
        Instant resets_at;
    };
    // 20 a month, 10 a week, 3 a day.
    const Case cases[] = {
        {"nothing used", 0, 0, 0, 1, "within_allowance", "day", 3, 3, kMidnight},
        {"the last one of a day", 2, 2, 2, 1, "within_allowance", "day", 3, 1, kMidnight},
        {"one over the day", 3, 3, 3, 1, "limit_exceeded", "day", 3, 0, kMidnight},
        {"what fits the day, and not the week", 9, 9, 1, 2, "limit_exceeded", "week", 10, 1,
         kMonday},
        {"a window that denies is tighter than one that has less", 10, 10, 0, 1, "limit_exceeded",
         "week", 10, 0, kMonday},
        {"a day and the week are full: the week takes longer", 10, 10, 3, 1, "limit_exceeded",
         "week", 10, 0, kMonday},
        {"all are full", 20, 10, 3, 1, "limit_exceeded", "billing_period", 20, 0, kMonth.end},
        {"as much left of two: the one that begins anew last", 18, 8, 1, 1, "within_allowance",
         "billing_period", 20, 2, kMonth.end},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const Decision decision = ask({used({"billing_period", 20}, c.of_month),
                                       used({"day", 3}, c.of_day), used({"week", 10}, c.of_week)},
                                      c.requested);
        EXPECT_EQ(to_text(decision.reason), c.reason);
        EXPECT_EQ(decision.allowed, decision.reason != DecisionReason::LimitExceeded);
        EXPECT_EQ(to_text(decision.reset), c.reset);
        EXPECT_EQ(decision.limit, units(c.limit));
        EXPECT_EQ(decision.remaining, units(c.remaining));
        EXPECT_EQ(decision.resets_at, c.resets_at);
    }
}

TEST(DecidingOverWindows, ASoftLimitIsToldAndPassed) {
    const Window soft{"day", 3, OveragePolicy::Allow};
    EXPECT_EQ(ask({used(soft, 2)}, 1).reason, DecisionReason::WithinAllowance);
    const Decision over = ask({used(soft, 2), used({"billing_period", 20}, 2)}, 2);
    EXPECT_TRUE(over.allowed);
    EXPECT_EQ(over.reason, DecisionReason::SoftLimitPassed);
    EXPECT_TRUE(over.overage_allowed);
    EXPECT_EQ(over.hard_limit, std::nullopt);
    EXPECT_EQ(over.remaining, units(1));
    EXPECT_EQ(ask({used(soft, 5)}, 1).overage, units(2));
    // What is billed weighs more, and what is denied most.
    const Window billed_month{"billing_period", 2, OveragePolicy::Bill, "0.5"};
    EXPECT_EQ(ask({used(soft, 5), used(billed_month, 5)}, 1).reason, DecisionReason::Overage);
    EXPECT_EQ(ask({used(soft, 5), used({"week", 5}, 5)}, 1).reason, DecisionReason::LimitExceeded);
}

TEST(DecidingOverWindows, ADenialIsToldByTheWindowThatIsShown) {
    const Window soft{"lifetime", 3, OveragePolicy::Allow};
    const Counter full = used(soft, 1'000'000'000'000);
    const Decision nearly = ask({full, used({"week", 5}, 4)}, 2);
    EXPECT_EQ(to_text(nearly.reset), "lifetime") << "it has nothing left, and the week has one";
    EXPECT_EQ(nearly.reason, DecisionReason::CounterFull);
    EXPECT_EQ(ask({full, used({"week", 5}, 4)}, 1).reason, DecisionReason::CounterFull);
    const Counter roomy = used(soft, 999'999'999'998);
    const Decision week = ask({roomy, used({"week", 5}, 4)}, 3);
    EXPECT_EQ(to_text(week.reset), "week");
    EXPECT_EQ(week.reason, DecisionReason::LimitExceeded);
}

TEST(DecidingOverWindows, ASpendCapIsALimitBehindTheAllowance) {
    // 10.00 at 0.50 each are 20 units beyond 100.
    const Window capped{"billing_period", 100, OveragePolicy::Bill, "0.50", "10.00"};
    const Decision within = ask({used(capped, 90)}, 10);
    EXPECT_EQ(within.reason, DecisionReason::WithinAllowance);
    EXPECT_EQ(within.limit, units(100));
    EXPECT_EQ(within.remaining, units(10));
    EXPECT_EQ(within.hard_limit, units(120));
    EXPECT_TRUE(within.overage_allowed);
    EXPECT_EQ(ask({used(capped, 110)}, 10).reason, DecisionReason::Overage);
    const Decision denied = ask({used(capped, 110)}, 11);
    EXPECT_EQ(denied.reason, DecisionReason::LimitExceeded);
    EXPECT_EQ(denied.limit, units(120));
    EXPECT_EQ(denied.remaining, units(10));
    EXPECT_EQ(denied.overage, units(10));
}

TEST(DecidingOverWindows, AQuotaEndsWhereUsageStops) {
    const Window blocked_day{"day", 30}, billed{"billing_period", 10, OveragePolicy::Bill, "0.5"};
    const Window soft{"week", 10, OveragePolicy::Allow};
    const Window capped{"billing_period", 10, OveragePolicy::Bill, "0.5", "10.00"};  // 10 + 20
    struct Case {
        const char* name;
        std::vector<Counter> counters;
        std::int64_t requested;
        std::optional<std::int64_t> limit;
        std::int64_t left;
        Instant resets_at;
    };
    const Case cases[] = {
        {"a limit", {used(blocked_day, 12)}, 1, 30, 18, kMidnight},
        {"within what is billed behind it", {used(billed, 4)}, 1, {}, 0, {}},
        {"billed", {used(billed, 12)}, 1, {}, 0, {}},
        {"passed and not billed", {used(soft, 12)}, 1, {}, 0, {}},
        {"before a cap", {used(capped, 4)}, 1, 30, 26, kMonth.end},
        {"under a cap", {used(capped, 12)}, 1, 30, 18, kMonth.end},
        {"at a cap", {used(capped, 30)}, 1, 30, 0, kMonth.end},
        {"the limit beside what goes on",
         {used(billed, 12), used(blocked_day, 12)},
         1,
         30,
         18,
         kMidnight},
        {"the tighter limit", {used(capped, 15), used(blocked_day, 12)}, 1, 30, 15, kMonth.end},
        {"the one that denies", {used(capped, 28), used({"day", 9}, 9)}, 1, 9, 0, kMidnight},
        {"the end of the range",
         {used(billed, 1'000'000'000'000)},
         1,
         1'000'000'000'000,
         0,
         kMonth.end},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const Decision decision = ask(c.counters, c.requested);
        EXPECT_EQ(decision.quota.has_value(), c.limit.has_value());
        if (!decision.quota || !c.limit) continue;
        EXPECT_EQ(decision.quota->limit, units(*c.limit));
        EXPECT_EQ(decision.quota->left, units(c.left));
        EXPECT_EQ(decision.quota->resets_at, c.resets_at);
    }
}

TEST(DecidingOverWindows, ARollingOneMovesOn) {
    const Window rolling{"rolling_5h", 10};
    Counter counter = used(rolling, 6, kNoon - std::chrono::hours(4));             // 08:00
    EXPECT_TRUE(count_into(counter, units(4), kNoon - std::chrono::minutes(90)));  // 10:30
    const auto at = [](int hour, int minute) {
        return kNoon + std::chrono::hours(hour - 12) + std::chrono::minutes(minute);
    };
    struct Case {
        const char* name;
        Instant now;
        std::int64_t requested;
        bool allowed;
        std::int64_t used;
        std::optional<Instant> resets_at;
    };
    // A minute counts whole, so that what was used from 08:00 to 08:01 leaves at 13:01.
    const Case cases[] = {
        {"full", kNoon, 1, false, 10, at(13, 1)},
        {"until the first has left", at(13, 1) - Duration(1), 1, false, 10, at(13, 1)},
        {"the first has left", at(13, 1), 1, true, 4, at(15, 31)},
        {"six fit then", at(13, 1), 6, true, 4, at(15, 31)},
        {"seven do not", at(13, 1), 7, false, 4, at(15, 31)},
        {"seven wait for both", kNoon, 7, false, 10, at(15, 31)},
        {"eleven never fit", kNoon, 11, false, 10, std::nullopt},
        {"all has left", at(15, 31), 10, true, 0, at(20, 31)},
        {"eleven never fit, with nothing used", at(15, 31), 11, false, 0, std::nullopt},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const Decision decision = ask({counter}, c.requested, c.now);
        EXPECT_EQ(decision.allowed, c.allowed);
        EXPECT_EQ(decision.used, units(c.used));
        EXPECT_EQ(decision.resets_at, c.resets_at);
        ASSERT_TRUE(decision.quota);
        EXPECT_EQ(decision.quota->window, std::chrono::hours(5));
        EXPECT_EQ(decision.quota->resets_at, c.resets_at);
    }
}

TEST(DecidingOverWindows, WhoWaitsForReservationsNeedsNotWaitForTheWindow) {
    struct Case {
        const char* name;
        Window window;
        std::int64_t used, held, requested;
        bool waits;
        std::optional<Instant> resets_at;
    };
    const Window day{"day", 10}, rolling{"rolling_5h", 10};
    // What was used from 12:00 to 12:01 leaves the window at 17:01.
    const Instant leaves = kNoon + std::chrono::hours(5) + std::chrono::minutes(1);
    const Case cases[] = {
        {"beside what is held", day, 4, 6, 1, true, kMidnight},
        {"nothing is used", day, 0, 10, 10, true, kMidnight},
        {"also without what is held", day, 4, 6, 7, false, kMidnight},
        {"nothing is held", day, 10, 0, 1, false, kMidnight},
        {"it is allowed", day, 4, 5, 1, false, kMidnight},
        {"when the used ones have left, too", rolling, 4, 6, 1, true, leaves},
        {"nothing leaves the window", rolling, 0, 6, 5, true, std::nullopt},
        {"more than the whole allowance", rolling, 0, 6, 11, false, std::nullopt},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        Counter counter = c.used == 0 ? counter_of(c.window) : used(c.window, c.used);
        counter.held = units(c.held);
        const Decision decision = ask({counter}, c.requested);
        EXPECT_EQ(decision.waits_for_reservations, c.waits);
        EXPECT_EQ(decision.resets_at, c.resets_at);
    }
    Counter held = counter_of(day);
    held.held = units(10);
    EXPECT_FALSE(ask({held, used({"week", 5}, 5)}, 1).waits_for_reservations) << "the week is full";
}

TEST(DecidingOverWindows, ALifetimeHasNoEnd) {
    const Decision decision = ask({used({"lifetime", 5}, 5)}, 1);
    EXPECT_EQ(decision.reason, DecisionReason::LimitExceeded);
    EXPECT_FALSE(decision.resets_at);
    ASSERT_TRUE(decision.quota);
    EXPECT_FALSE(decision.quota->window);
    EXPECT_FALSE(decision.quota->resets_at);
    // Waiting for a month's end helps nobody whose lifetime is used up.
    EXPECT_EQ(to_text(ask({used({"billing_period", 3}, 3), used({"lifetime", 5}, 5)}, 1).reset),
              "lifetime");
}

TEST(DecidingOverWindows, WhatIsNoSumIsAskedByItsOwnRule) {
    using enum Meter::Aggregation;
    struct Case {
        const char* name;
        Meter::Aggregation aggregation;
        std::int64_t used, requested;
        bool allowed;
    };
    // A limit of 10; the counter has the one value.
    const Case cases[] = {
        {"a larger one that is within", Max, 8, 10, true},
        {"a larger one that is not", Max, 8, 11, false},
        {"a smaller one", Max, 10, 3, true},
        {"a smallest one never rises", Min, 8, 50, true},
        {"the last one that is within", Last, 8, 10, true},
        {"the last one that is not", Last, 8, 11, false},
        {"one more value", Unique, 9, 1, true},
        {"one value too many", Unique, 10, 1, false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const Counter counter = used(
            {"billing_period", 10, OveragePolicy::Block, nullptr, nullptr, c.aggregation}, c.used);
        EXPECT_EQ(ask({counter}, c.requested).allowed, c.allowed);
    }
}

TEST(DecidingOverWindows, AnUpgradeHelpsTheWindowThatDenies) {
    Catalog catalog;
    catalog.plans = {plan("free", 0, 0, blocked(20)), plan("more", 1, 500, blocked(100)),
                     plan("daily", 2, 900, blocked(100)), plan("free_days", 3, 9'900, blocked(5))};
    catalog.plans[0].allowances.push_back(allowance_of({"day", 3}));
    catalog.plans[1].allowances.push_back(allowance_of({"day", 3}));
    catalog.plans[2].allowances.push_back(allowance_of({"day", 4}));
    const auto hint = [&](const std::vector<Counter>& counters) {
        const auto upgrade =
            decide(facts_of(catalog.plans[0], counters, catalog, kNoon), units(1)).upgrade;
        return upgrade ? upgrade->plan : "";
    };
    EXPECT_EQ(hint({used({"billing_period", 20}, 20), used({"day", 3}, 1)}), "more");
    EXPECT_EQ(hint({used({"billing_period", 20}, 10), used({"day", 3}, 3)}), "daily");
    catalog.plans.erase(catalog.plans.begin() + 2);
    EXPECT_EQ(hint({used({"billing_period", 20}, 10), used({"day", 3}, 3)}), "free_days");
}

TEST(DecidingOverWindows, TheReasonOfAUseIsTheGravest) {
    const Window month{"billing_period", 10, OveragePolicy::Bill, "0.5"};
    const Window day{"day", 3, OveragePolicy::Allow};
    const auto reason = [](const std::vector<Counter>& after, std::int64_t quantity) {
        return to_text(reason_of_use(after, units(quantity), kNoon));
    };
    EXPECT_EQ(reason({used(month, 3), used(day, 3)}, 1), "within_allowance");
    EXPECT_EQ(reason({used(month, 4), used(day, 4)}, 1), "soft_limit_passed");
    EXPECT_EQ(reason({used(month, 11), used(day, 1)}, 1), "overage");
    EXPECT_EQ(reason({used(month, 11), used(day, 4)}, 2), "overage");
}

}  // namespace
}  // namespace turnpike
