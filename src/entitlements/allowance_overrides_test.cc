#include "entitlements/allowance_overrides.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using std::chrono::days;

const Instant kBegin = from_unix_seconds(1'725'148'800);  // 2024-09-01

Allowance billed(const char* meter, std::int64_t included) {
    return {.meter_key = meter,
            .included = Quantity::whole(included),
            .overage = OveragePolicy::Bill,
            .overage_unit_price = UnitPrice::parse("0.02"),
            .overage_cap = UnitPrice::whole(50)};
}
Allowance daily(const char* meter, std::int64_t included) {
    return {.meter_key = meter,
            .included = Quantity::whole(included),
            .overage = OveragePolicy::Block,
            .overage_unit_price = std::nullopt,
            .reset = parse_reset("day").value()};
}
AllowanceOverride override_of(const char* meter, std::uint32_t number, const char* given,
                              Instant begins = kBegin,
                              std::optional<Instant> expires_at = std::nullopt,
                              std::optional<Instant> removed_at = std::nullopt) {
    return {meter, number, parse_given_allowance(given).value(), begins, expires_at, removed_at};
}
std::shared_ptr<const PlanVersion> plan_with(std::vector<Allowance> allowances) {
    return std::make_shared<const PlanVersion>(PlanVersion{.id = PlanVersionId::trusted("plv_1"),
                                                           .plan = PlanId::trusted("plan_1"),
                                                           .key = "pro",
                                                           .name = "PRO",
                                                           .prices = {},
                                                           .allowances = std::move(allowances)});
}

TEST(GivenAllowances, AreStoredAsTheyAreRead) {
    for (const char* text :
         {"0", "2000", "0.5", "2000 block", "1.25 allow", "unlimited", "1000000000000"}) {
        const auto given = parse_given_allowance(text);
        ASSERT_TRUE(given) << text;
        EXPECT_EQ(to_text(*given), text);
    }
    for (const char* text : {"", "-1", "ten", "2000 bill", "2000 ", "2000 zap", "unlimited block",
                             "1000000000001", "0.0000001", "1e3"})
        EXPECT_FALSE(parse_given_allowance(text)) << text;
}

TEST(EffectivePlans, HaveTheLimitInPlaceOfThePlansAndTheRestOfIt) {
    const auto plan = plan_with({billed("calls", 1'000), billed("tokens", 5)});
    EXPECT_EQ(effective_plan(plan, {}), plan) << "nothing is copied";
    const auto own = effective_plan(plan, {override_of("calls", 3, "2500")});
    ASSERT_EQ(own->allowances.size(), 2U);
    Allowance wanted = billed("calls", 2'500);
    wanted.override_number = 3;
    EXPECT_EQ(own->allowances[0], wanted) << "the price and the cap of the plan";
    EXPECT_EQ(own->allowances[1], plan->allowances[1]);
    EXPECT_EQ(plan->allowances[0], billed("calls", 1'000)) << "the plan is everybody's";
}

TEST(EffectivePlans, StopOrGoOnWhereTheOverrideSaysSo) {
    const auto plan = plan_with({billed("calls", 1'000)});
    const auto stops = effective_plan(plan, {override_of("calls", 1, "10 block")});
    EXPECT_EQ(stops->allowances[0].overage, OveragePolicy::Block);
    EXPECT_FALSE(stops->allowances[0].overage_unit_price);
    EXPECT_FALSE(stops->allowances[0].overage_cap);
    const auto endless = effective_plan(plan, {override_of("calls", 1, "unlimited")});
    EXPECT_EQ(endless->allowances[0].overage, OveragePolicy::Allow);
    EXPECT_EQ(endless->allowances[0].included, kMaxQuantity);
    EXPECT_FALSE(endless->allowances[0].overage_unit_price);
}

TEST(EffectivePlans, OfSeveralWindowsTheBillingPeriodIsMeant) {
    const auto plan = plan_with({daily("calls", 100), billed("calls", 1'000)});
    const auto more = effective_plan(plan, {override_of("calls", 1, "3000")});
    EXPECT_EQ(more->allowances[0], daily("calls", 100));
    EXPECT_EQ(more->allowances[1].included, Quantity::whole(3'000));
    const auto endless = effective_plan(plan, {override_of("calls", 1, "unlimited")});
    for (const Allowance& one : endless->allowances) EXPECT_EQ(one.included, kMaxQuantity);
    const auto only_daily = plan_with({daily("calls", 100)});
    EXPECT_EQ(effective_plan(only_daily, {override_of("calls", 1, "7")})->allowances[0].included,
              Quantity::whole(7));
}

TEST(EffectivePlans, IncludeAMeterThatThePlanDoesNot) {
    const auto plan = plan_with({billed("calls", 1'000)});
    const auto own = effective_plan(plan, {override_of("tokens", 2, "40")});
    ASSERT_EQ(own->allowances.size(), 2U);
    const Allowance& tokens = own->allowances[1];
    EXPECT_EQ(tokens.included, Quantity::whole(40));
    EXPECT_EQ(tokens.overage, OveragePolicy::Block);
    EXPECT_EQ(tokens.reset, Reset{});
    EXPECT_EQ(main_allowance(*own, "tokens"), &tokens);
    EXPECT_EQ(main_allowance(*own, "zap"), nullptr);
}

// From day 0 on 2000; from day 2 to day 5 3000; removed on day 9.
TEST(AllowanceOverrides, TheNewestThatHasNotEndedCounts) {
    const std::vector<AllowanceOverride> all{
        override_of("calls", 2, "3000", kBegin + days(2), kBegin + days(5)),
        override_of("calls", 1, "2000", kBegin, std::nullopt, kBegin + days(9))};
    const auto number_on = [&](int day) {
        const auto given = in_force(all, kBegin + days(day));
        return given.empty() ? 0U : given.front().number;
    };
    const std::vector<std::pair<int, std::uint32_t>> wanted{{-1, 0}, {0, 1}, {1, 1}, {2, 2},
                                                            {4, 2},  {5, 1}, {8, 1}, {9, 0}};
    for (const auto& [day, number] : wanted) EXPECT_EQ(number_on(day), number) << day;
    EXPECT_EQ(steady_around(all, kBegin + days(3)).start, kBegin + days(2));
    EXPECT_EQ(steady_around(all, kBegin + days(3)).end, kBegin + days(5));
    EXPECT_EQ(steady_around(all, kBegin - days(3)).start, Instant::min());
    EXPECT_EQ(steady_around(all, kBegin + days(9)).end, Instant::max());
    std::int64_t before = 0;
    for (int day = -1; day < 11; ++day) {
        const auto changes = changes_until(all, kBegin + days(day));
        EXPECT_GE(changes, before);
        if (number_on(day) != number_on(day - 1)) EXPECT_GT(changes, before) << day;
        before = changes;
    }
}

}  // namespace
}  // namespace turnpike
