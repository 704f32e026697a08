#include "analytics/revenue.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

RevenueGroup group(std::string interval, std::int64_t subscriptions, std::int64_t each_minor,
                   std::string status = "active") {
    return {.catalog = "shop",
            .plan_key = "pro",
            .status = std::move(status),
            .currency = Currency::Usd,
            .interval = std::move(interval),
            .amount_minor = each_minor,
            .subscriptions = subscriptions,
            .quantity = subscriptions};
}

std::int64_t mrr_of(std::vector<RevenueGroup> groups) {
    RevenueFacts facts;
    facts.groups = std::move(groups);
    return revenue_stats(facts).mrr.rounded();
}

// 100 x $100 a month + 50 x $600 a year: 10,000 + 50 x 50 = 12,500; times 12 is 150,000.
TEST(Revenue, AddsMonthlyAndYearlyPrices) {
    RevenueFacts facts;
    facts.groups = {group("month", 100, 10'000), group("year", 50, 60'000)};
    const auto stats = revenue_stats(facts);
    EXPECT_EQ(stats.mrr.rounded(), 1'250'000);
    EXPECT_EQ((stats.mrr * Fraction(12, 1)).rounded(), 15'000'000);
}

// $10 a week x 365/84 = $43.452...; $1 a day x 365/12 = $30.4166..., and 365.00 a year exactly.
TEST(Revenue, ScalesWeeksAndDays) {
    EXPECT_EQ(mrr_of({group("week", 1, 1'000)}), 4'345);
    EXPECT_EQ(mrr_of({group("day", 1, 100)}), 3'042);
    RevenueFacts facts;
    facts.groups = {group("day", 1, 100)};
    EXPECT_EQ((revenue_stats(facts).mrr * Fraction(12, 1)).rounded(), 36'500);
}

TEST(Revenue, CountsOnlyWhatRecursAndIsOwed) {
    struct Case {
        const char* status;
        std::int64_t mrr;
    };
    const Case cases[] = {
        {"active", 9'900}, {"past_due", 9'900}, {"trialing", 0},           {"incomplete", 0},
        {"unpaid", 0},     {"paused", 0},       {"incomplete_expired", 0}, {"canceled", 0},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.status);
        EXPECT_EQ(mrr_of({group("month", 1, 9'900, c.status)}), c.mrr);
    }
}

// ARPC $100 over a churn of 5 % a month: 100 / 0.05 = $2,000.
TEST(Revenue, DividesArpcByTheMeanChurnOfClosedMonths) {
    RevenueFacts facts;
    facts.groups = {group("month", 20, 10'000)};
    for (int month = 0; month < 6; ++month) facts.closed_months.push_back({{}, 100, 5});
    const auto stats = revenue_stats(facts);
    ASSERT_TRUE(stats.clv);
    EXPECT_EQ(stats.clv->rounded(), 200'000);
    EXPECT_EQ(stats.churn_months_counted, 6);
}

TEST(Revenue, SaysNothingWhereItWouldDivideByZero) {
    RevenueFacts facts;
    facts.closed_months = {{{}, 0, 0}};
    const auto stats = revenue_stats(facts);
    EXPECT_FALSE(stats.arpc);
    EXPECT_FALSE(stats.churn_30_days.rate());
    EXPECT_FALSE(stats.mean_churn_6_months);
    EXPECT_FALSE(stats.clv);
}

// 2000/12 + 3 x 15.00 x 1 = 166.67 + 45 = 211.67 in dollars, 8.00 in euros; free ones pay nothing.
TEST(Revenue, KeepsCurrenciesCatalogsAndPlansApart) {
    const std::vector<RevenueGroup> groups = {
        {"shop", "gold", "active", Currency::Usd, "year", 1, 50'000, 1, 4},
        {"shop", "gold", "past_due", Currency::Usd, "month", 1, 1'500, 2, 3},
        {"shop", "free", "active", Currency::Usd, "month", 1, 0, 7, 7},
        {"school", "school~plus", "active", Currency::Eur, "month", 3, 2'400, 1, 1},
        {"school", "school~plus", "trialing", Currency::Eur, "month", 1, 900, 1, 1},
    };
    const auto all = recurring_revenue(groups);
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].currency, Currency::Eur);
    EXPECT_EQ(all[0].mrr, Fraction(800, 1));
    EXPECT_EQ(all[0].by_plan.at("school~plus").mrr, Fraction(800, 1));
    EXPECT_EQ(all[1].mrr, Fraction(200'000, 12) + Fraction(4'500, 1));
    EXPECT_EQ(all[1].mrr.rounded(), 21'167);
    EXPECT_EQ(all[1].paying_customers, 3);
    // 21,166.67 / 3 = 7,055.56; 12 x 21,166.67 = 254,000.
    EXPECT_EQ(all[1].arpc()->rounded(), 7'056);
    EXPECT_EQ(all[1].arr(), Fraction(254'000, 1));
    EXPECT_EQ(all[1].by_plan.size(), 1U);
    EXPECT_EQ(all[1].by_catalog.at("shop").paying_customers, 3);
    EXPECT_EQ(revenue_in(all, Currency::Jpy).mrr, Fraction());
}

TEST(Fraction, RoundsOnceTiesToEven) {
    EXPECT_EQ(Fraction(5, 2).rounded(), 2);
    EXPECT_EQ(Fraction(7, 2).rounded(), 4);
    EXPECT_EQ(Fraction(-5, 2).rounded(), -2);
    EXPECT_EQ(Fraction(1, 3).text(4), "0.3333");
    EXPECT_EQ(Fraction(1, 20).text(4), "0.0500");
    EXPECT_EQ(Fraction(-1, 8).text(2), "-0.12");
    EXPECT_EQ(Fraction(3, 1).text(0), "3");
}

}  // namespace
}  // namespace turnpike
