#include "sandbox/stripe/credit_notes/credit_amounts.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace turnpike::twin {
namespace {

TEST(ShareOf, RoundsWhereTheStretchEnds) {
    struct Case {
        const char* name;
        std::int64_t total;
        Stretch stretch;
        std::int64_t share;
    };
    const Case cases[] = {
        {"all of it", 1000, {0, 3, 3}, 1000},
        {"nothing", 1000, {2, 0, 3}, 0},
        {"a third: 333.33", 1000, {0, 1, 3}, 333},
        {"the second third: 666.67 - 333", 1000, {1, 1, 3}, 334},
        {"the last third: 1000 - 667", 1000, {2, 1, 3}, 333},
        {"half of one, up", 1, {0, 1, 2}, 1},
        {"and nothing is left for the other half", 1, {1, 1, 2}, 0},
        {"a discount of 166 on 500, credited 200: 66.4", 166, {0, 200, 500}, 66},
        {"then 300 more: 166 - 66", 166, {200, 300, 500}, 100},
        // 99,999,999 x 99,999,999 is less than 10^16: no product leaves 64 bits even without 128.
        {"the largest amounts", 99'999'999, {0, 99'999'998, 99'999'999}, 99'999'998},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(share_of(c.total, c.stretch), c.share);
    }
}

RC_GTEST_PROP(ShareOf, PiecesAddUpToTheTotal, ()) {
    const auto total = *rc::gen::inRange<std::int64_t>(0, 100'000'000);
    const auto pieces = *rc::gen::nonEmpty(
        rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(1, 1000)));
    std::int64_t whole = 0;
    for (const auto piece : pieces) whole += piece;
    std::int64_t before = 0;
    std::int64_t sum = 0;
    for (const auto piece : pieces) {
        const auto share = share_of(total, {before, piece, whole});
        RC_ASSERT(share >= 0);
        sum += share;
        before += piece;
    }
    RC_ASSERT(sum == total);
}

TEST(CreditOfUnits, TakesUnitsFromALine) {
    struct Case {
        const char* name;
        CreditableLine line;
        std::int64_t units;
        std::optional<std::int64_t> credit;
    };
    const Case cases[] = {
        // 10 x 20.00 of which one is credited: the documentation's "quantity times unit price"
        {"one of ten", {.amount = 20'000, .quantity = 10}, 1, 2000},
        {"all of it", {.amount = 20'000, .quantity = 10}, 10, 20'000},
        {"more than were billed", {.amount = 20'000, .quantity = 10}, 11, std::nullopt},
        {"the rest",
         {.amount = 20'000, .quantity = 10, .credited = 8000, .credited_quantity = 4},
         6,
         12'000},
        {"more than the rest",
         {.amount = 20'000, .quantity = 10, .credited = 8000, .credited_quantity = 4},
         7,
         std::nullopt},
        {"a fraction of a cent each: 0.333 x 1", {.amount = 1, .quantity = 3}, 1, 0},
        {"a line of no units", {.amount = 0, .quantity = 0}, 1, std::nullopt},
        {"no product overflows",
         {.amount = 99'999'999, .quantity = 9'000'000'000'000'000'000},
         9'000'000'000'000'000'000,
         99'999'999},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(credit_of_units(c.line, c.units), c.credit);
    }
}

TEST(LeftToCredit, IsNeverNegative) {
    EXPECT_EQ(left_to_credit({.amount = 500, .credited = 200}), 300);
    EXPECT_EQ(left_to_credit({.amount = 500, .credited = 500}), 0);
    EXPECT_EQ(left_to_credit({.amount = -334}), 0);  // unused time: a credit already
}

// "first reduce the invoice's amount_remaining (and amount_due), but not below zero [...] The
// excess amount is indicated by post_payment_amount" (API reference, create a credit note)
TEST(SplitCredit, TakesWhatIsUnpaidFirst) {
    struct Case {
        const char* name;
        std::int64_t total, remaining;
        CreditSplit split;
        const char* type;
    };
    const Case cases[] = {
        {"open, a part", 2000, 10'000, {2000, 0}, "pre_payment"},
        {"open, all of it", 10'000, 10'000, {10'000, 0}, "pre_payment"},
        {"paid", 500, 0, {0, 500}, "post_payment"},
        {"more than is unpaid", 2000, 1500, {1500, 500}, "mixed"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const CreditSplit split = split_credit(c.total, c.remaining);
        EXPECT_EQ(split, c.split);
        EXPECT_EQ(split.pre_payment + split.post_payment, c.total);
        EXPECT_EQ(type_of(split), c.type);
    }
}

TEST(SumOfPayout, CountsEveryWay) {
    EXPECT_EQ(
        sum_of({.new_refund = 1, .linked_refunds = 20, .to_balance = 300, .out_of_band = 4000}),
        4321);
}

}  // namespace
}  // namespace turnpike::twin
