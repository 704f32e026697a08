#include "rating/plan_comparison.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

Money usd(std::int64_t cents) { return {cents, Currency::Usd}; }
Quantity units(std::int64_t count) { return *Quantity::parse(std::to_string(count)); }
ComparedPlan plan(const char* key, std::int64_t cents, std::int64_t included,
                  const char* unit_price) {
    ComparedPlan made{key, usd(cents), {{"calls", units(included), std::nullopt}}};
    if (unit_price != nullptr) made.allowances[0].unit_price = UnitPrice::parse(unit_price);
    return made;
}

const ComparedPlan kStarter = plan("starter", 1'900, 1'000, "0.02");
const ComparedPlan kPro = plan("pro", 4'900, 10'000, "0.01");
const ComparedPlan kScale = plan("scale", 9'900, 50'000, nullptr);

TEST(CheaperPlan, SaysWhatAnotherPlanWouldHaveSaved) {
    const struct {
        const char* name;
        std::int64_t used;
        std::int64_t has_cost;
        std::optional<PlanSaving> best;
    } cases[] = {
        // 19.00 + (4,050 - 1,000) x 0.02 = 19.00 + 61.00 = 80.00; PRO: 49.00, 31.00 less.
        {"PRO would have cost 31.00 less", 4'050, 8'000, PlanSaving{"pro", usd(4'900), usd(3'100)}},
        // 19.00 + 1,500 x 0.02 = 49.00: PRO costs as much, which is no saving.
        {"as much is no saving", 2'500, 4'900, std::nullopt},
        // One call more: 49.02 against 49.00.
        {"two cents are", 2'501, 4'902, PlanSaving{"pro", usd(4'900), usd(2)}},
        // 19.00 + 11,000 x 0.02 = 239.00; PRO: 49.00 + 2,000 x 0.01 = 69.00; SCALE: 99.00.
        {"overage of the other plan counts", 12'000, 23'900,
         PlanSaving{"pro", usd(6'900), usd(17'000)}},
        // 19.00 + 29,000 x 0.02 = 599.00; PRO: 49.00 + 20,000 x 0.01 = 249.00; SCALE: 99.00.
        {"the cheapest of them", 30'000, 59'900, PlanSaving{"scale", usd(9'900), usd(50'000)}},
        // 19.00 + 59,000 x 0.02 = 1,199.00; SCALE refuses beyond 50,000; PRO: 49.00 + 500.00.
        {"a plan that refuses is none", 60'000, 119'900,
         PlanSaving{"pro", usd(54'900), usd(65'000)}},
    };
    const std::vector<ComparedPlan> others{kStarter, kPro, kScale};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        const std::vector<UsedBeyond> used{{"calls", units(c.used)}};
        const auto best = cheaper_plan(kStarter, usd(c.has_cost), used, others);
        ASSERT_TRUE(best);
        EXPECT_EQ(*best, c.best);
    }
}

TEST(CheaperPlan, LeavesOutWhatIncludesLessOrIsInAnotherCurrency) {
    auto present = kStarter;
    present.allowances.push_back({"exports", units(5), std::nullopt});
    const std::vector<UsedBeyond> used{{"calls", units(4'050)}};
    const std::vector<ComparedPlan> fewer{kPro};
    EXPECT_EQ(*cheaper_plan(present, usd(8'000), used, fewer), std::nullopt);
    auto euros = kPro;
    euros.price = {100, Currency::Eur};
    const std::vector<ComparedPlan> foreign{euros};
    EXPECT_EQ(*cheaper_plan(kStarter, usd(8'000), used, foreign), std::nullopt);
}

}  // namespace
}  // namespace turnpike
