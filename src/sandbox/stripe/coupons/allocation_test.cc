#include "sandbox/stripe/coupons/allocation.h"

#include <algorithm>
#include <numeric>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace turnpike::twin {
namespace {

using Amounts = std::vector<std::int64_t>;

std::int64_t added_up(const Amounts& amounts) {
    return std::accumulate(amounts.begin(), amounts.end(), std::int64_t{0});
}

TEST(AllocateAmount, SharesInProportionAndLeavesTheRestToTheLast) {
    const struct {
        std::string name;
        Amounts amounts;
        std::int64_t off;
        Amounts parts;
    } cases[] = {
        {"Stripe's documented 5 off 10 and 20", {1000, 2000}, 500, {166, 334}},
        {"recorded: 10 off 25", {2500}, 1000, {1000}},
        {"the other order", {2000, 1000}, 500, {333, 167}},
        {"three alike", {100, 100, 100}, 100, {33, 33, 34}},
        {"all of it", {1000, 2000}, 3000, {1000, 2000}},
        {"more than there is", {1000, 2000}, 5000, {1000, 2000}},
        {"a free line", {0, 2000}, 500, {0, 500}},
        {"a free line at the end", {2000, 0}, 500, {500, 0}},
        {"nothing to discount", {0, 0}, 500, {0, 0}},
        {"no lines", {}, 500, {}},
        // The last line alone could not take the rest of 9 off ten lines of 1.
        {"tiny lines", Amounts(10, 1), 9, {0, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(amount_parts(c.amounts, c.off), c.parts);
    }
}

TEST(AllocatePercent, RoundsEachLineOnce) {
    const struct {
        std::string name;
        Amounts amounts;
        std::int64_t percent;
        Amounts parts;
    } cases[] = {
        {"recorded: 10 % of 25", {2500}, 100'000, {250}},
        {"recorded: 50 % of 19", {1900}, 500'000, {950}},
        {"half up", {5, 15, 25}, 100'000, {1, 2, 3}},
        {"33.33 %", {1000}, 333'300, {333}},  // 333.3
        {"all of it", {1, 999}, kWholePercent, {1, 999}},
        {"nothing", {1000}, 0, {0}},
        {"the largest amount", {1'000'000'000'000'000}, 500'000, {500'000'000'000'000}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(percent_parts(c.amounts, c.percent), c.parts);
    }
}

Amounts any_amounts() {
    const auto count = *rc::gen::inRange<std::size_t>(0, 12);
    return *rc::gen::container<Amounts>(count, rc::gen::inRange<std::int64_t>(0, 100'000'000));
}

bool fits(const Amounts& parts, const Amounts& amounts) {
    return std::ranges::equal(parts, amounts,
                              [](auto part, auto amount) { return 0 <= part && part <= amount; });
}

RC_GTEST_PROP(AllocateAmount, AddsUpAndNeverExceedsALine, ()) {
    const Amounts amounts = any_amounts();
    const auto off = *rc::gen::inRange<std::int64_t>(0, 300'000'000);
    const Amounts parts = amount_parts(amounts, off);
    RC_ASSERT(added_up(parts) == std::min(off, added_up(amounts)));
    RC_ASSERT(fits(parts, amounts));
}

RC_GTEST_PROP(AllocatePercent, NeverExceedsALine, ()) {
    const Amounts amounts = any_amounts();
    const auto percent = *rc::gen::inRange<std::int64_t>(0, kWholePercent + 1);
    RC_ASSERT(fits(percent_parts(amounts, percent), amounts));
}

}  // namespace
}  // namespace turnpike::twin
