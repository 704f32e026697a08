#include "billing/plans/plan_offer.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

class PlanOfferTest : public ::testing::Test {
protected:
    Price price(Interval interval, std::int64_t minor, Currency currency) {
        return {ids_.make<PriceId>(Instant{}), {interval, 1}, Money(minor, currency)};
    }
    PlanVersion plan(const std::string& key, std::vector<Price> prices) {
        return {.id = ids_.make<PlanVersionId>(Instant{}),
                .plan = ids_.make<PlanId>(Instant{}),
                .key = key,
                .name = key,
                .prices = std::move(prices),
                .allowances = {},
                .catalog = "saas-orgs"};
    }
    /// What is paid for it in minor units; "" and the reason of a refusal otherwise.
    std::string offered(const PlanOffer& offer, const std::optional<PriceInPlan>& paid = {}) {
        const auto sold = find_plan_offer(catalog_, "saas-orgs", offer, paid);
        if (!sold) return std::string(sold.error().reason.text());
        for (const Price& one : team_.prices)
            if (one.id == sold->price)
                return std::string(to_text(one.amount.currency())) + " " +
                       std::to_string(one.amount.minor());
        return "another plan's";
    }
    PriceInPlan paying(Interval interval, Currency currency) {
        return {ids_.make<PriceId>(Instant{}), team_.id, {interval, 1}, Money(1, currency)};
    }

    SeededIdSource ids_{7};
    const PlanVersion team_ = plan("team", {price(Interval::Month, 4900, Currency::Usd),
                                            price(Interval::Year, 49000, Currency::Usd),
                                            price(Interval::Year, 45000, Currency::Eur)});
    Catalog catalog_{.plans = {team_}, .meters = {}, .route_costs = {}, .keys = {"saas-orgs"}};
};

TEST_F(PlanOfferTest, ThePlansFirstPriceWhenNothingIsNamed) {
    const auto id = team_.plan.text();
    EXPECT_EQ(offered({id}), "usd 4900");
    EXPECT_EQ(offered({id, std::nullopt, Interval::Year}), "usd 49000");
    EXPECT_EQ(offered({id, Currency::Eur}), "eur 45000");
    EXPECT_EQ(offered({id, Currency::Eur, Interval::Month}), "billing.plan_not_sold");
    EXPECT_EQ(offered({"plan_none"}), "billing.unknown_plan");
    EXPECT_EQ(offered({"team"}), "billing.unknown_plan") << "an id, and no key";
}

TEST_F(PlanOfferTest, WhoPaysAlreadyGoesOnPayingLikeThat) {
    const auto id = team_.plan.text();
    EXPECT_EQ(offered({id}, paying(Interval::Year, Currency::Usd)), "usd 49000");
    EXPECT_EQ(offered({id}, paying(Interval::Month, Currency::Usd)), "usd 4900");
    EXPECT_EQ(offered({id, std::nullopt, Interval::Month}, paying(Interval::Year, Currency::Usd)),
              "usd 4900")
        << "unless he says otherwise";
    EXPECT_EQ(offered({id}, paying(Interval::Month, Currency::Eur)), "eur 45000")
        << "his currency, though not by the month";
    EXPECT_EQ(offered({id}, paying(Interval::Year, Currency::Inr)), "usd 4900")
        << "what a provider then refuses, who cannot change a subscription's currency";
}

TEST_F(PlanOfferTest, WhyItIsNotSoldIsSaid) {
    PlanVersion free = plan("free", {price(Interval::Month, 0, Currency::Usd)});
    free.is_default = true;
    catalog_.plans.push_back(free);
    const auto gold = ids_.make<PlanId>(Instant{});
    catalog_.archived.push_back({gold, "saas-orgs", "gold"});
    const auto words = [&](const Result<Sold>& sold) {
        EXPECT_EQ(sold.error().reason, Reason("billing.plan_not_sold"));
        return sold.error().message;
    };
    for (const auto& refused : {find_offer(catalog_, "saas-orgs", {.plan = "gold"}),
                                find_plan_offer(catalog_, "saas-orgs", {gold.text()}, {})})
        EXPECT_TRUE(words(refused).contains("'gold' is archived")) << refused.error().message;
    for (const auto& refused : {find_offer(catalog_, "saas-orgs", {.plan = "free"}),
                                find_plan_offer(catalog_, "saas-orgs", {free.plan.text()}, {})})
        EXPECT_TRUE(words(refused).contains("without a subscription")) << refused.error().message;
    EXPECT_EQ(find_offer(catalog_, "api-metering", {.plan = "gold"}).error().reason,
              Reason("billing.unknown_plan"))
        << "of another catalog";
    catalog_.keys = {"api-metering", "saas-orgs"};
    EXPECT_TRUE(words(find_offer(catalog_, "saas-orgs", {.plan = "saas-orgs~gold"}))
                    .contains("is archived"));
}

TEST_F(PlanOfferTest, AnotherCatalogsPlanIsNone) {
    const auto refused = find_plan_offer(catalog_, "api-metering", {team_.plan.text()}, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason("billing.unknown_plan"));
}

}  // namespace
}  // namespace turnpike
