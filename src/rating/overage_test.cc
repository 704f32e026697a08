#include "rating/overage.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace turnpike {
namespace {

UsageSegment segment(std::int64_t used, std::int64_t included, const char* unit_price) {
    std::optional<UnitPrice> price;
    if (unit_price != nullptr) price = UnitPrice::parse(unit_price);
    return {Quantity::whole(used), Quantity::whole(included), price};
}
UsageSegment free_plan(std::int64_t used) { return segment(used, 100, nullptr); }
UsageSegment starter(std::int64_t used) { return segment(used, 1'000, "0.03"); }
UsageSegment pro(std::int64_t used) { return segment(used, 10'000, "0.02"); }
UsageSegment enterprise(std::int64_t used) { return segment(used, 100'000, "0.01"); }

struct Charge {
    std::size_t segment;
    std::int64_t units;
    std::int64_t cents;
    friend bool operator==(const Charge&, const Charge&) = default;
};
std::ostream& operator<<(std::ostream& out, const Charge& c) {
    return out << "{" << c.segment << ", " << c.units << ", " << c.cents << "}";
}

std::vector<Charge> charges(const std::vector<UsageSegment>& segments) {
    const auto lines = rate_overage(segments, Currency::Usd);
    EXPECT_TRUE(lines);
    std::vector<Charge> found;
    for (const OverageLine& line : *lines)
        found.push_back(
            {line.segment, line.quantity.scaled() / Quantity::kOne, line.amount.minor()});
    return found;
}

struct Case {
    const char* name;
    std::vector<UsageSegment> segments;
    std::vector<Charge> expected;
};

TEST(RateOverage, ChargesWhatTheAllowanceDoesNotCover) {
    const Case cases[] = {
        {"no segment", {}, {}},
        {"nothing used", {pro(0)}, {}},
        {"exactly the allowance", {pro(10'000)}, {}},
        {"one over", {pro(10'001)}, {{0, 1, 2}}},                        // 1 x $0.02
        {"PRO 12,345", {pro(12'345)}, {{0, 2'345, 4'690}}},              // 2,345 x $0.02 = $46.90
        {"STARTER 1,001", {starter(1'001)}, {{0, 1, 3}}},                // 1 x $0.03
        {"ENTERPRISE 100,250", {enterprise(100'250)}, {{0, 250, 250}}},  // 250 x $0.01
        {"FREE is never charged", {free_plan(100)}, {}},
        {"what costs nothing is no charge", {segment(150, 100, "0")}, {}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(charges(c.segments), c.expected);
    }
}

TEST(RateOverage, AChangeOfPlanNeverRepricesEarlierUsage) {
    const Case cases[] = {
        // STARTER covers 1,000 and charges 200 x $0.03 = $6.00. PRO includes 10,000, of which 1,000
        // are covered already: 9,000 are free, 500 x $0.02 = $10.00.
        {"upgrade after overage", {starter(1'200), pro(9'500)}, {{0, 200, 600}, {1, 500, 1'000}}},
        // 200 units of overage do not eat PRO's allowance: 9,000 more are free.
        {"overage keeps its price only", {starter(1'200), pro(9'000)}, {{0, 200, 600}}},
        // 400 covered by STARTER, 9,600 left on PRO: 1 x $0.02.
        {"upgrade inside the allowance", {starter(400), pro(9'601)}, {{1, 1, 2}}},
        // 100 covered by FREE, 900 left on STARTER: 100 x $0.03 = $3.00.
        {"from FREE", {free_plan(100), starter(1'000)}, {{1, 100, 300}}},
        // PRO covered 5,000, more than STARTER's 1,000: every unit is overage, 10 x $0.03 = $0.30.
        {"downgrade below what was used", {pro(5'000), starter(10)}, {{1, 10, 30}}},
        // PRO covered 300, STARTER has 700 left: 800 - 700 = 100 x $0.03 = $3.00.
        {"downgrade with some left", {pro(300), starter(800)}, {{1, 100, 300}}},
        // Up and back: 1,000 covered by STARTER, 2,000 by PRO, STARTER's allowance is gone:
        // 50 x $0.03 = $1.50.
        {"up and back", {starter(1'000), pro(2'000), starter(50)}, {{2, 50, 150}}},
        // 2,345 x $0.02 = $46.90 on PRO, then ENTERPRISE has 100,000 - 10,000 = 90,000 left.
        {"PRO to ENTERPRISE", {pro(12'345), enterprise(90'001)}, {{0, 2'345, 4'690}, {1, 1, 1}}},
        {"a segment without usage", {starter(1'001), pro(0), enterprise(5)}, {{0, 1, 3}}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(charges(c.segments), c.expected);
    }
}

TEST(RateOverage, RoundsOncePerLineHalfUp) {
    const auto cents = [](std::int64_t used, const char* price) {
        const std::vector<UsageSegment> segments{segment(used, 0, price)};
        return charges(segments).at(0).cents;
    };
    EXPECT_EQ(cents(1, "0.004"), 0);   // 0.4 cents
    EXPECT_EQ(cents(1, "0.005"), 1);   // 0.5 cents
    EXPECT_EQ(cents(3, "0.005"), 2);   // 1.5 cents; three roundings would have made 3
    EXPECT_EQ(cents(3, "0.0049"), 1);  // 1.47 cents
}

TEST(OverageCost, IsNeitherRoundedNorCut) {
    const auto cost = [](const std::vector<UsageSegment>& segments) {
        return format_scaled(overage_cost(segments), kCostDigits);
    };
    EXPECT_EQ(cost({}), "0");
    EXPECT_EQ(cost({starter(1'000)}), "0");
    EXPECT_EQ(cost({free_plan(500)}), "0");
    // 3 x 0.0049, where a line would be 0.01.
    EXPECT_EQ(cost({segment(3, 0, "0.0049")}), "0.0147");
    // 200 x 0.03 on STARTER, then 9,000 more are free on PRO and 500 x 0.02.
    EXPECT_EQ(cost({starter(1'200), pro(9'500)}), "16");
    // 10^12 units x $1,000,000,000
    EXPECT_EQ(cost({segment(1'000'000'000'000, 0, "1000000000")}), "1000000000000000000000");
}

TEST(RateOverage, RefusesAnAmountBeyondEveryInvoice) {
    // 10^12 units x $100 = 10^16 cents, ten times Money::kMaxMinor.
    const std::vector<UsageSegment> segments{segment(1'000'000'000'000, 0, "100")};
    const auto lines = rate_overage(segments, Currency::Usd);
    ASSERT_FALSE(lines);
    EXPECT_EQ(lines.error().reason.text(), "money.out_of_range");
}

std::vector<UsageSegment> some_segments() {
    const auto units = rc::gen::inRange<std::int64_t>(0, 2'000'000);
    const auto count = *rc::gen::inRange<std::size_t>(0, 6);
    std::vector<UsageSegment> segments;
    for (std::size_t i = 0; i < count; ++i) {
        std::optional<UnitPrice> price;
        if (*rc::gen::arbitrary<bool>())
            price = UnitPrice::from_scaled(*rc::gen::inRange<std::int64_t>(0, 5'000'000'000));
        segments.push_back({Quantity::from_scaled(*units), Quantity::from_scaled(*units), price});
    }
    return segments;
}

RC_GTEST_PROP(RateOverageProperty, EveryUnitIsCoveredOrOverage, ()) {
    const auto segments = some_segments();
    const auto parts = cover(segments);
    RC_ASSERT(parts.size() == segments.size());
    for (std::size_t i = 0; i < parts.size(); ++i)
        RC_ASSERT(parts[i].covered + parts[i].overage == segments[i].used);
}

RC_GTEST_PROP(RateOverageProperty, NoMoreIsCoveredThanTheLargestAllowance, ()) {
    const auto segments = some_segments();
    Quantity largest;
    for (const UsageSegment& s : segments) largest = std::max(largest, s.included);
    RC_ASSERT(covered_in(segments) <= largest);
}

RC_GTEST_PROP(RateOverageProperty, UsingMoreNeverCostsLess, ()) {
    auto segments = some_segments();
    RC_PRE(!segments.empty());
    const auto total = [](const std::vector<UsageSegment>& of) {
        const auto lines = rate_overage(of, Currency::Usd);
        RC_ASSERT(lines.has_value());
        std::int64_t cents = 0;
        for (const OverageLine& line : *lines) cents += line.amount.minor();
        return cents;
    };
    const auto before = total(segments);
    segments.back().used =
        segments.back().used + Quantity::from_scaled(*rc::gen::inRange<std::int64_t>(0, 1'000'000));
    RC_ASSERT(total(segments) >= before);
}

RC_GTEST_PROP(RateOverageProperty, SplittingASegmentMovesNoUnit, ()) {
    auto segments = some_segments();
    RC_PRE(!segments.empty());
    const auto whole = covered_in(segments);
    UsageSegment last = segments.back();
    const auto cut = *rc::gen::inRange<std::int64_t>(0, last.used.scaled() + 1);
    segments.back().used = Quantity::from_scaled(cut);
    last.used = last.used - Quantity::from_scaled(cut);
    segments.push_back(last);
    RC_ASSERT(covered_in(segments) == whole);
}

}  // namespace
}  // namespace turnpike
