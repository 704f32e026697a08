#include "metering/counter.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "metering/usage_event.h"

namespace turnpike {
namespace {

const Period kMonth{from_unix_seconds(1'725'148'800), from_unix_seconds(1'727'740'800)};

Quantity units(std::int64_t n) { return Quantity::whole(n); }

UsageWindow window(const char* plan, std::int64_t included, const char* price) {
    std::optional<UnitPrice> unit_price;
    if (price != nullptr) unit_price = UnitPrice::parse(price);
    return {.contract = std::nullopt,
            .meter_key = "api_calls",
            .period = kMonth,
            .plan_version = PlanVersionId::trusted(plan),
            .included = units(included),
            .overage_unit_price = unit_price};
}
UsageWindow free_plan() { return window("free", 100, nullptr); }
UsageWindow capped() { return window("capped", 500, nullptr); }
UsageWindow starter() { return window("starter", 1'000, "0.03"); }
UsageWindow pro() { return window("pro", 10'000, "0.02"); }

Counter after(Counter counter, std::int64_t used) {
    counter.used = counter.used + units(used);
    return counter;
}

TEST(Counter, ABlockedPlanStopsAtItsAllowance) {
    const Counter fresh = open_counter(free_plan());
    EXPECT_EQ(fresh.hard_limit, units(100));
    EXPECT_EQ(remaining_of(fresh), units(100));
    EXPECT_EQ(remaining_of(after(fresh, 40)), units(60));
}

TEST(Counter, ABilledPlanHasNoLimit) {
    const Counter fresh = open_counter(pro());
    EXPECT_FALSE(fresh.hard_limit);
    EXPECT_EQ(remaining_of(after(fresh, 2'500)), units(7'500));
    EXPECT_EQ(remaining_of(after(fresh, 12'345)), units(0));
    EXPECT_EQ(overage_of(after(fresh, 12'345)), units(2'345));
}

TEST(Counter, AChangeOfPlanSetsTheLimitFromWhatIsLeft) {
    struct Case {
        const char* name;
        Counter counter;
        std::optional<Quantity> hard_limit;
        Quantity remaining;
    };
    const Case cases[] = {
        // 60 of 100 used; 500 - 60 = 440 are left, so the period ends at 60 + 440 = 500.
        {"blocked to blocked", with_allowance(after(open_counter(free_plan()), 60), capped()),
         units(500), units(440)},
        {"blocked to billed", with_allowance(after(open_counter(free_plan()), 100), starter()),
         std::nullopt, units(900)},
        // STARTER covered 1,000 of 1,200: nothing of 500 is left, the limit is where it stands.
        {"billed to blocked, nothing left",
         with_allowance(after(open_counter(starter()), 1'200), capped()), units(1'200), units(0)},
        // STARTER covered 300: 200 of 500 are left.
        {"billed to blocked, some left",
         with_allowance(after(open_counter(starter()), 300), capped()), units(500), units(200)},
        // 300 under STARTER, 150 more under CAPPED, back up: 1,000 - 450 = 550 are left.
        {"down and up",
         with_allowance(after(with_allowance(after(open_counter(starter()), 300), capped()), 150),
                        starter()),
         std::nullopt, units(550)},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(c.counter.hard_limit, c.hard_limit);
        EXPECT_EQ(remaining_of(c.counter), c.remaining);
    }
}

UsageWindow capped_at(UsageWindow billed, const char* cap) {
    billed.overage_cap = UnitPrice::parse(cap);
    return billed;
}

TEST(Counter, ACapIsAHardLimitWhereItsMoneyEnds) {
    struct Case {
        const char* name;
        Counter counter;
        std::optional<Quantity> hard_limit;
    };
    const Case cases[] = {
        // 1,000 included, and $6 pay for 200 at $0.03.
        {"from the beginning", open_counter(capped_at(starter(), "6")), units(1'200)},
        {"nothing to spend", open_counter(capped_at(starter(), "0")), units(1'000)},
        // $1 pays for 33 and a third.
        {"cut down", open_counter(capped_at(starter(), "1")), Quantity::parse("1033.333333")},
        {"no price", open_counter(capped_at(window("soft", 10, "0"), "1")), std::nullopt},
        {"the price of nothing much",
         open_counter(capped_at(window("cheap", 0, "0.000000001"), "9000000000")), kMaxQuantity},
        // 200 of STARTER cost $6; of $9, the $3 that are left pay for 150 at $0.02. Nothing of its
        // 1,000 is left.
        {"after overage under another plan",
         with_allowance(after(open_counter(starter()), 1'200),
                        capped_at(window("small", 1'000, "0.02"), "9")),
         units(1'350)},
        {"spent before",
         with_allowance(after(open_counter(starter()), 1'200),
                        capped_at(window("small", 1'000, "0.02"), "5")),
         units(1'200)},
        // 300 covered, 700 are left, and $2 pay for 100.
        {"before any overage",
         with_allowance(after(open_counter(starter()), 300),
                        capped_at(window("small", 1'000, "0.02"), "2")),
         units(1'100)},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(c.counter.hard_limit, c.hard_limit);
    }
    Counter counter = open_counter(capped_at(starter(), "6"));
    EXPECT_TRUE(count_into(counter, units(1'100), kMonth.start));
    EXPECT_EQ(remaining_of(counter), units(0)) << "overage has begun";
    EXPECT_FALSE(count_into(counter, units(101), kMonth.start));
    EXPECT_TRUE(count_into(counter, units(100), kMonth.start));
    EXPECT_TRUE(usage_of(counter, Currency::Usd)->overage_allowed);
    EXPECT_EQ(usage_of(counter, Currency::Usd)->overage_amount, Money(600, Currency::Usd));
}

TEST(Counter, WhatCanFallIsAllUnderTheNewestAllowance) {
    auto large = window("large", 100, nullptr), small = window("small", 20, nullptr);
    large.aggregation = small.aggregation = Meter::Aggregation::Last;
    Counter seats = open_counter(large);
    EXPECT_TRUE(count_into(seats, units(50), kMonth.start));
    seats = with_allowance(seats, small);
    EXPECT_EQ(seats.hard_limit, units(20));
    EXPECT_EQ(seats.used, units(50));
    EXPECT_EQ(seats.segments.size(), 1U);
    EXPECT_EQ(remaining_of(seats), units(0));
    EXPECT_FALSE(count_into(seats, units(51), kMonth.start));
    EXPECT_TRUE(count_into(seats, units(30), kMonth.start)) << "fewer than before";
    EXPECT_TRUE(count_into(seats, units(20), kMonth.start));
    EXPECT_FALSE(count_into(seats, units(21), kMonth.start));
}

TEST(Counter, AnAllowanceThatGoesOnHasNoPrice) {
    const Allowance soft{"api_calls", units(10), OveragePolicy::Allow, {}};
    const auto where = window_of(std::nullopt, kMonth, PlanVersionId::trusted("soft"),
                                 Meter::Aggregation::Sum, soft);
    EXPECT_EQ(where.overage_unit_price, UnitPrice{});
    Counter counter = open_counter(where);
    EXPECT_FALSE(counter.hard_limit);
    EXPECT_TRUE(count_into(counter, units(25), kMonth.start));
    EXPECT_EQ(overage_of(counter), units(15));
    EXPECT_EQ(usage_of(counter, Currency::Usd)->overage_amount, Money(0, Currency::Usd));
}

TEST(Counter, UsageIsRatedByThePlanItWasUsedUnder) {
    // STARTER: 200 over x $0.03 = $6.00. PRO: 9,500 - 9,000 = 500 x $0.02 = $10.00.
    const Counter counter =
        after(with_allowance(after(open_counter(starter()), 1'200), pro()), 9'500);
    const auto usage = usage_of(counter, Currency::Usd);
    ASSERT_TRUE(usage);
    EXPECT_EQ(usage->used, units(10'700));
    EXPECT_EQ(usage->included, units(10'000));
    EXPECT_EQ(usage->overage, units(700));
    EXPECT_EQ(usage->overage_amount, Money(1'600, Currency::Usd));
    EXPECT_TRUE(usage->overage_allowed);
    ASSERT_EQ(usage->lines.size(), 2U);
}

TEST(PercentageText, IsCutNotRounded) {
    struct Case {
        std::int64_t used, included;
        const char* text;
    };
    const Case cases[] = {{2'500, 10'000, "25.0"},
                          {0, 100, "0.0"},
                          {1, 3, "33.33"},
                          {2, 3, "66.66"},
                          {99'999, 100'000, "99.99"},
                          {12'345, 10'000, "123.45"},
                          {0, 0, "0.0"},
                          {1, 0, "100.0"}};
    for (const Case& c : cases)
        EXPECT_EQ(percentage_text(units(c.used), units(c.included)), c.text)
            << c.used << " of " << c.included;
}

RC_GTEST_PROP(CounterProperty, WhatRemainsIsWhatTheLimitAllows, ()) {
    const auto some = rc::gen::inRange<std::int64_t>(0, 2'000);
    Counter counter = open_counter(window("p0", *some, nullptr));
    for (int i = 0; i < 5; ++i) {
        const Quantity wanted = units(*some);
        if (!counter.hard_limit || counter.used + wanted <= *counter.hard_limit)
            counter.used = counter.used + wanted;
        if (counter.hard_limit) RC_ASSERT(counter.used <= *counter.hard_limit);
        const bool billed = *rc::gen::arbitrary<bool>();
        counter = with_allowance(counter, window("p", *some, billed ? "0.01" : nullptr));
        RC_ASSERT(counter.hard_limit.has_value() != billed);
        // What a blocked plan has left is its allowance less everything covered so far.
        const Quantity left =
            counter.segments.back().included - covered_in(rated_segments(counter));
        RC_ASSERT(remaining_of(counter) == std::max(Quantity{}, left));
    }
}

UsageEvent good_event() {
    return {.source = "api",
            .id = "1",
            .customer = CustomerId::trusted("cus_1"),
            .meter_key = "api_calls",
            .quantity = units(1),
            .time = kMonth.start,
            .latency_us = std::nullopt};
}

TEST(UsageEvent, IsRefusedForWhatCannotBe) {
    struct Case {
        const char* name;
        void (*change)(UsageEvent&);
        std::string_view code;
    };
    const Case cases[] = {
        {"good", [](UsageEvent&) {}, ""},
        {"nothing used", [](UsageEvent& e) { e.quantity = units(0); }, ""},
        {"the most", [](UsageEvent& e) { e.quantity = kMaxQuantity; }, ""},
        {"negative", [](UsageEvent& e) { e.quantity = units(-1); }, "bad_quantity"},
        {"too much",
         [](UsageEvent& e) { e.quantity = Quantity::from_scaled(kMaxQuantity.scaled() + 1); },
         "bad_quantity"},
        {"no id", [](UsageEvent& e) { e.id = ""; }, "bad_field"},
        {"longest id", [](UsageEvent& e) { e.id = std::string(255, 'x'); }, ""},
        {"long id", [](UsageEvent& e) { e.id = std::string(256, 'x'); }, "bad_field"},
        {"a line end in the id", [](UsageEvent& e) { e.id = "a\nb"; }, "bad_field"},
        {"NUL in the source", [](UsageEvent& e) { e.source = std::string("a\0b", 3); },
         "bad_field"},
        {"UTF-8 id", [](UsageEvent& e) { e.id = "\xc3\xa9"; }, ""},
        {"before 1970", [](UsageEvent& e) { e.time = Instant(Duration(-1)); }, "bad_time"},
        {"five minutes ahead", [](UsageEvent& e) { e.time += std::chrono::minutes(5); }, ""},
        {"more than five", [](UsageEvent& e) { e.time += std::chrono::seconds(301); },
         "time_in_future"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        UsageEvent event = good_event();
        c.change(event);
        const auto complaint = complaint_about(event, kMonth.start);
        EXPECT_EQ(complaint ? complaint->code : "", c.code);
    }
}

TEST(UsageEvent, ContentIsEveryFieldThatCounts) {
    const UsageEvent event = good_event();
    const auto content = content_of(event, TimeStated::Yes);
    UsageEvent other = event;
    other.quantity = Quantity::from_scaled(1);
    EXPECT_NE(content_of(other, TimeStated::Yes), content);
    other = event;
    other.time += Duration(1);
    EXPECT_NE(content_of(other, TimeStated::Yes), content);
    EXPECT_EQ(content_of(other, TimeStated::No), content_of(event, TimeStated::No));
    other = event;
    other.latency_us = 5;  // a measurement beside the fact
    EXPECT_EQ(content_of(other, TimeStated::Yes), content);
}

}  // namespace
}  // namespace turnpike
