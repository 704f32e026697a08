#include "rating/adjustment.h"

#include <cstdint>
#include <map>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace turnpike {
namespace {

constexpr UnitPrice kPrice = UnitPrice::from_scaled(7'500'000);  // $0.0075

struct Line {
    std::size_t segment;
    std::int64_t units;
    std::int64_t cents;
    friend bool operator==(const Line&, const Line&) = default;
};
std::ostream& operator<<(std::ostream& out, const Line& line) {
    return out << "{" << line.segment << ", " << line.units << ", " << line.cents << "}";
}

struct Case {
    const char* name;
    std::vector<Line> owed, charged, expected;
};

TEST(AdjustOverage, LeadsFromWhatWasChargedToWhatIsOwed) {
    const Case cases[] = {
        {"nothing", {}, {}, {}},
        {"charged already", {{0, 100, 75}}, {{0, 100, 75}}, {}},
        {"for the first time", {{0, 100, 75}}, {}, {{0, 100, 75}}},
        {"late usage", {{0, 140, 105}}, {{0, 100, 75}}, {{0, 40, 30}}},
        {"all taken back", {}, {{1, 100, 75}}, {{1, -100, -75}}},
        {"some taken back", {{0, 60, 45}}, {{0, 100, 75}}, {{0, -40, -30}}},
        {"by segment",
         {{0, 1, 1}, {2, 4, 3}},
         {{0, 2, 2}, {1, 4, 3}},
         {{0, -1, -1}, {1, -4, -3}, {2, 4, 3}}},
        // 1 unit is 0.75 cents, rounded to 1; 2 units are 1.5, rounded to 2; 3 are 2.25, rounded
        // to 2: the third unit costs nothing more, and is told all the same.
        {"rounded once", {{0, 3, 2}}, {{0, 2, 2}}, {{0, 1, 0}}},
    };
    for (const Case& c : cases) {
        std::vector<OverageLine> owed;
        for (const auto& [segment, units, cents] : c.owed)
            owed.push_back({segment, Quantity::whole(units), kPrice, Money(cents, Currency::Usd)});
        std::vector<ChargedOverage> charged;
        for (const auto& [segment, units, cents] : c.charged)
            charged.push_back(
                {segment, Quantity::whole(units), kPrice, Money(cents, Currency::Usd)});
        std::vector<Line> found;
        for (const OverageLine& line : adjust_overage(owed, charged)) {
            found.push_back(
                {line.segment, line.quantity.scaled() / Quantity::kOne, line.amount.minor()});
            EXPECT_EQ(line.unit_price, kPrice) << c.name;
        }
        EXPECT_EQ(found, c.expected) << c.name;
    }
}

/// However often a period changes and is adjusted, its charges together are its usage rated once.
RC_GTEST_PROP(AdjustOverage, AddsUpToTheUsageRatedOnce, ()) {
    const auto steps = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(
        rc::gen::inRange<std::int64_t>(0, 40'000'000)));
    ChargedOverage all{0, Quantity{}, kPrice, Money(0, Currency::Usd)};
    std::vector<OverageLine> owed;
    for (const std::int64_t used : steps) {
        const std::vector<UsageSegment> segments{
            {Quantity::from_scaled(used), Quantity::whole(10), kPrice}};
        owed = *rate_overage(segments, Currency::Usd);
        for (const OverageLine& line : adjust_overage(owed, std::vector{all})) {
            all.quantity = all.quantity + line.quantity;
            all.amount = all.amount + line.amount;
        }
    }
    RC_ASSERT(all.quantity == (owed.empty() ? Quantity{} : owed[0].quantity));
    RC_ASSERT(all.amount.minor() == (owed.empty() ? 0 : owed[0].amount.minor()));
}

}  // namespace
}  // namespace turnpike
