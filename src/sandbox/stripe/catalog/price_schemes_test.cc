#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using ::testing::HasSubstr;
using testing::TwinUnderTest;

class PriceSchemes : public ::testing::Test {
protected:
    PriceSchemes() { twin_.post("/v1/products", "name=Product&id=prod_1"); }
    testing::Reply post(const std::string& form) {
        return twin_.post("/v1/prices", "currency=usd&product=prod_1&" + form);
    }
    TwinUnderTest twin_;
};

constexpr const char* kTwoTiers =
    "billing_scheme=tiered&tiers_mode=graduated&tiers[0][up_to]=1000&tiers[0][flat_amount]=900&"
    "tiers[1][up_to]=inf&tiers[1][unit_amount_decimal]=3.60&";

TEST_F(PriceSchemes, TiersAreShownWhenAskedFor) {
    const auto made = post(std::string(kTwoTiers) + "recurring[interval]=month");
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(text_of(made.body, "billing_scheme"), "tiered");
    EXPECT_EQ(text_of(made.body, "tiers_mode"), "graduated");
    EXPECT_TRUE(made.body.at("unit_amount").is_null());
    EXPECT_TRUE(made.body.at("unit_amount_decimal").is_null());
    EXPECT_FALSE(made.body.contains("tiers"));

    const Json tiers = {{{"flat_amount", 900},
                         {"flat_amount_decimal", "900"},
                         {"unit_amount", nullptr},
                         {"unit_amount_decimal", nullptr},
                         {"up_to", 1000}},
                        {{"flat_amount", nullptr},
                         {"flat_amount_decimal", nullptr},
                         {"unit_amount", nullptr},
                         {"unit_amount_decimal", "3.6"},
                         {"up_to", nullptr}}};
    const auto id = text_of(made.body, "id");
    EXPECT_EQ(twin_.get("/v1/prices/" + id + "?expand[]=tiers").body.at("tiers"), tiers);
    EXPECT_EQ(twin_.get("/v1/plans/" + id + "?expand[]=tiers").body.at("tiers"), tiers);
    EXPECT_EQ(text_of(twin_.get("/v1/plans/" + id).body, "tiers_mode"), "graduated");
}

TEST_F(PriceSchemes, PackagesAreShown) {
    const auto made = post(
        "unit_amount=500&transform_quantity[divide_by]=10&transform_quantity[round]=up&"
        "recurring[interval]=month");
    ASSERT_EQ(made.status, 200) << made.text;
    const Json packages{{"divide_by", 10}, {"round", "up"}};
    EXPECT_EQ(made.body.at("transform_quantity"), packages);
    EXPECT_EQ(twin_.get("/v1/plans/" + text_of(made.body, "id")).body.at("transform_usage"),
              packages);
}

TEST_F(PriceSchemes, PlansHaveThemToo) {
    const auto made = twin_.post("/v1/plans",
                                 "currency=usd&interval=month&product=prod_1&amount=500&"
                                 "transform_usage[divide_by]=10&transform_usage[round]=down");
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(integer_of(made.body.at("transform_usage"), "divide_by"), 10);
    const auto tiered = twin_.post(
        "/v1/plans", std::string("currency=usd&interval=month&product=prod_1&") + kTwoTiers);
    EXPECT_EQ(text_of(tiered.body, "billing_scheme"), "tiered");
}

TEST_F(PriceSchemes, OtherCurrenciesAreOptions) {
    const auto made = post(
        "unit_amount=1000&currency_options[eur][unit_amount]=900&"
        "currency_options[jpy][unit_amount_decimal]=1500.5&"
        "currency_options[jpy][tax_behavior]=inclusive");
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_FALSE(made.body.contains("currency_options"));
    const std::string path = "/v1/prices/" + text_of(made.body, "id");
    const auto option = [](Json whole, const char* decimal, const char* tax) {
        return Json{{"custom_unit_amount", nullptr},
                    {"tax_behavior", tax},
                    {"unit_amount", std::move(whole)},
                    {"unit_amount_decimal", decimal}};
    };
    EXPECT_EQ(twin_.get(path + "?expand[]=currency_options").body.at("currency_options"),
              (Json{{"eur", option(900, "900", "unspecified")},
                    {"jpy", option(Json(), "1500.5", "inclusive")},
                    {"usd", option(1000, "1000", "unspecified")}}));

    const auto more = twin_.post(path,
                                 "currency_options[gbp][unit_amount]=800&"
                                 "expand[]=currency_options");
    EXPECT_EQ(more.body.at("currency_options").size(), 4U);
}

// Price.CustomUnitAmount of stripe@20.4.1: maximum, minimum, preset; no `enabled`.
TEST_F(PriceSchemes, ThePayerMayChoose) {
    const auto made = post(
        "custom_unit_amount[enabled]=true&custom_unit_amount[preset]=500"
        "&custom_unit_amount[minimum]=100");
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.body.at("custom_unit_amount"),
              (Json{{"maximum", nullptr}, {"minimum", 100}, {"preset", 500}}));
    EXPECT_TRUE(made.body.at("unit_amount").is_null());
    EXPECT_TRUE(made.body.at("unit_amount_decimal").is_null());
    EXPECT_EQ(text_of(made.body, "type"), "one_time");
    const std::string customer = twin_.post_id("/v1/customers", "");
    const auto refused = twin_.post(
        "/v1/invoiceitems", "customer=" + customer + "&pricing[price]=" + text_of(made.body, "id"));
    EXPECT_EQ(refused.status, 400);
    EXPECT_THAT(refused.error("message"), HasSubstr("its amount is chosen by the customer"));
}

TEST_F(PriceSchemes, AreRefused) {
    const std::string graduated = "billing_scheme=tiered&tiers_mode=graduated&";
    const std::string last = "tiers[1][up_to]=inf&tiers[1][unit_amount]=1";
    struct Case {
        std::string form;
        std::string param;
        std::string message;
    };
    const std::vector<Case> cases{
        {"billing_scheme=tiered&" + last, "tiers_mode", "Missing required param"},
        {graduated, "tiers", "Missing required param"},
        {graduated + "tiers[0][up_to]=10&tiers[0][unit_amount]=1", "tiers", "must be `inf`"},
        {graduated + "tiers[0][up_to]=inf&tiers[0][unit_amount]=1&" + last, "tiers",
         "must be greater"},
        {graduated + "tiers[0][up_to]=10&tiers[0][unit_amount]=1&tiers[1][up_to]=10&"
                     "tiers[1][unit_amount]=1&tiers[2][up_to]=inf&tiers[2][unit_amount]=1",
         "tiers", "must be greater"},
        {graduated + "tiers[0][up_to]=inf", "tiers[0][unit_amount]", "Missing required param"},
        {graduated + "tiers[0][unit_amount]=1", "tiers[0][up_to]", "Missing required param"},
        {graduated + "tiers[0][up_to]=0&tiers[0][unit_amount]=1&" + last, "tiers[0][up_to]",
         "greater than or equal to 1"},
        {graduated + "tiers[0][up_to]=inf&tiers[0][unit_amount]=100000000", "tiers[0][unit_amount]",
         "no more than"},
        {graduated + "tiers[0][up_to]=inf&tiers[0][unit_amount]=1&unit_amount=5", "unit_amount",
         "with `billing_scheme` set to `tiered`"},
        {graduated + "tiers[0][up_to]=inf&tiers[0][unit_amount]=1&"
                     "transform_quantity[divide_by]=2&transform_quantity[round]=up",
         "transform_quantity", "with `billing_scheme` set to `tiered`"},
        {"unit_amount=1&" + last, "tiers", "unless `billing_scheme`"},
        {"unit_amount=1&transform_quantity[divide_by]=0&transform_quantity[round]=up",
         "transform_quantity[divide_by]", "greater than or equal to 1"},
        {"unit_amount=1&transform_quantity[divide_by]=2", "transform_quantity[round]",
         "Missing required param"},
        {"unit_amount=1&currency_options[xxx][unit_amount]=1", "currency_options",
         "Invalid currency"},
        {"unit_amount=1&currency_options[eur][tax_behavior]=inclusive",
         "currency_options[eur][unit_amount]", "Missing required param"},
        {"custom_unit_amount[enabled]=true&unit_amount=1", "unit_amount",
         "You may only specify one of these parameters: unit_amount, custom_unit_amount."},
        {"custom_unit_amount[minimum]=100", "custom_unit_amount[enabled]",
         "Missing required param"},
        {"custom_unit_amount[enabled]=false", "custom_unit_amount[enabled]", "otherwise omit"},
        // Half a dollar is the least that Stripe charges.
        {"custom_unit_amount[enabled]=true&custom_unit_amount[minimum]=49",
         "custom_unit_amount[minimum]", "minimum charge amount"},
        {"custom_unit_amount[enabled]=true&custom_unit_amount[minimum]=500"
         "&custom_unit_amount[maximum]=400",
         "custom_unit_amount[maximum]", "must not be smaller"},
        {"custom_unit_amount[enabled]=true&custom_unit_amount[minimum]=500"
         "&custom_unit_amount[preset]=400",
         "custom_unit_amount[preset]", "must not be smaller"},
        {"custom_unit_amount[enabled]=true&recurring[interval]=month", "recurring",
         "You cannot use `recurring` with `custom_unit_amount`"},
        {"unit_amount=1&currency_options[eur][custom_unit_amount][enabled]=true",
         "currency_options[eur][custom_unit_amount]", "own currency only"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.form);
        const auto reply = post(c.form);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("param"), c.param);
        EXPECT_THAT(reply.error("message"), HasSubstr(c.message));
    }
}

TEST_F(PriceSchemes, MeteredOnesHaveAMeter) {
    const auto meter = twin_.post_id(
        "/v1/billing/meters", "display_name=n&event_name=n&default_aggregation[formula]=sum");
    const std::string monthly = "unit_amount=1&recurring[interval]=month&recurring[meter]=" + meter;
    const auto made = post(monthly + "&recurring[usage_type]=metered");
    ASSERT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.body.at("recurring"), (Json{{"interval", "month"},
                                               {"interval_count", 1},
                                               {"meter", meter},
                                               {"trial_period_days", nullptr},
                                               {"usage_type", "metered"}}));
    EXPECT_EQ(twin_.get("/v1/prices?recurring[meter]=" + meter).body.at("data").size(), 1U);
    EXPECT_EQ(twin_.get("/v1/prices?recurring[usage_type]=licensed").body.at("data").size(), 0U);

    EXPECT_EQ(post(monthly).error("param"), "recurring[meter]");
    EXPECT_EQ(post(monthly + "x&recurring[usage_type]=metered").error("code"), "resource_missing");
    twin_.post("/v1/billing/meters/" + meter + "/deactivate");
    EXPECT_THAT(post(monthly + "&recurring[usage_type]=metered").error("message"),
                HasSubstr("inactive"));
}

}  // namespace
}  // namespace turnpike::twin
