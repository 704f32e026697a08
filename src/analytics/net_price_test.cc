#include "analytics/net_price.h"

#include <gtest/gtest.h>

#include "analytics/revenue.h"

namespace turnpike {
namespace {

Discount percent(const char* text) {
    return {.provider_id = "di_p",
            .duration = DiscountDuration::Forever,
            .percent = DiscountPercent::parse(text)};
}
Discount amount(std::int64_t minor, Currency currency = Currency::Usd) {
    return {.provider_id = "di_a",
            .duration = DiscountDuration::Forever,
            .amount = Money(minor, currency)};
}

TEST(NetPrice, TakesEachDiscountOffWhatTheOnesBeforeItHaveLeft) {
    struct Case {
        const char* name;
        std::int64_t gross;
        std::vector<Discount> discounts;
        Fraction net;
    };
    const Case cases[] = {
        {"none", 999, {}, {999, 1}},
        {"10 % of 9.99 leaves 899.1 cents", 999, {percent("10")}, {8'991, 10}},
        {"12.5 % of 1 cent leaves 7/8", 1, {percent("12.5")}, {7, 8}},
        {"99.9999 % of 1 cent leaves a millionth", 1, {percent("99.9999")}, {1, 1'000'000}},
        {"all", 9'900, {percent("100")}, {0, 1}},
        {"an amount", 1'500, {amount(400)}, {1'100, 1}},
        {"more than there is", 1'500, {amount(2'000)}, {0, 1}},
        {"another currency", 1'500, {amount(400, Currency::Eur)}, {1'500, 1}},
        // 1000 - 10 % = 900, - 100 = 800
        {"percent, then amount", 1'000, {percent("10"), amount(100)}, {800, 1}},
        // 1000 - 100 = 900, - 10 % = 810
        {"amount, then percent", 1'000, {amount(100), percent("10")}, {810, 1}},
        // 1000 x 0.9 x 0.8
        {"two percentages", 1'000, {percent("10"), percent("20")}, {720, 1}},
        // 1 x (2/3-ish) twice: 0.666667 x 0.666667 = 0.444444888889, to a millionth 0.444445
        {"a millionth is the least",
         1,
         {percent("33.3333"), percent("33.3333")},
         {444'445, 1'000'000}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(net_price(c.gross, Currency::Usd, c.discounts), c.net);
    }
}

// The published vector: $120 a year with 10 % off is 120 x 0.9 / 12 = $9.00 a month.
TEST(NetPrice, AYearlyPriceOf120DollarsWithTenPercentOffIs9DollarsAMonth) {
    const RevenueGroup group{.catalog = "",
                             .plan_key = "",
                             .status = "active",
                             .interval = "year",
                             .amount_minor = 12'000,
                             .subscriptions = 1,
                             .quantity = 1,
                             .discounts = {percent("10")}};
    const auto revenue = recurring_revenue({group});
    ASSERT_EQ(revenue.size(), 1U);
    EXPECT_EQ(revenue[0].mrr, Fraction(900, 1));
    EXPECT_EQ(revenue[0].arr(), Fraction(10'800, 1));
}

TEST(NetPrice, WhoseDiscountLeavesNothingIsNoPayingCustomer) {
    RevenueGroup group{.catalog = "",
                       .plan_key = "",
                       .status = "active",
                       .interval = "month",
                       .amount_minor = 1'000,
                       .subscriptions = 1,
                       .quantity = 1,
                       .discounts = {percent("100")}};
    EXPECT_TRUE(recurring_revenue({group}).empty());
    const RevenueGroup other{.catalog = "",
                             .plan_key = "",
                             .status = "active",
                             .interval = "month",
                             .amount_minor = 3'000,
                             .subscriptions = 1,
                             .quantity = 1};
    const auto revenue = recurring_revenue({group, other});
    ASSERT_EQ(revenue.size(), 1U);
    EXPECT_EQ(revenue[0].paying_customers, 1);
    EXPECT_EQ(revenue[0].arpc(), Fraction(3'000, 1));
}

}  // namespace
}  // namespace turnpike
