#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/coupons/redemption.h"
#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::shape_of;
using testing::TwinUnderTest;

constexpr const char* kThirtyDaysOn = "1765391351";  // 1762799351 + 30 * 86400

// Required members of Stripe.Coupon in stripe@20.4.1's types; a recorded coupon has the same.
TEST(Coupons, HaveEveryMemberOfTheOfficialType) {
    TwinUnderTest twin;
    const auto reply = twin.post("/v1/coupons", "percent_off=20");
    ASSERT_EQ(reply.status, 200);
    EXPECT_THAT(shape_of(reply.body),
                ElementsAre("amount_off", "created", "currency", "duration", "duration_in_months",
                            "id", "livemode", "max_redemptions", "metadata", "name", "object",
                            "percent_off", "redeem_by", "times_redeemed", "valid"));
    EXPECT_EQ(reply.body.at("percent_off"), 20);
    EXPECT_EQ(reply.body.at("duration"), "once");
    EXPECT_EQ(reply.body.at("valid"), true);
    EXPECT_EQ(reply.body.at("id").get<std::string>().size(), 8U);
    EXPECT_THAT(twin.event_types(), ElementsAre("coupon.created"));
}

TEST(Coupons, KeepDecimalPercents) {
    TwinUnderTest twin;
    const struct {
        const char *given, *shown;
    } cases[] = {{"33.33", "33.33"}, {"0.01", "0.01"}, {"12.50", "12.5"}, {"100", "100"}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.given);
        const auto reply = twin.post("/v1/coupons", std::string("percent_off=") + c.given);
        ASSERT_EQ(reply.status, 200);
        EXPECT_EQ(to_text(reply.body.at("percent_off")), c.shown);
    }
}

TEST(Coupons, ShowCurrenciesAndProductsWhenExpanded) {
    TwinUnderTest twin;
    twin.post("/v1/products", "name=Pro&id=pro");
    const std::string form =
        "amount_off=500&currency=USD&duration=repeating&duration_in_months=3&name=Five&id=FIVE&"
        "max_redemptions=10&currency_options[eur][amount_off]=400&applies_to[products][]=pro";
    const auto plain = twin.post("/v1/coupons", form);
    ASSERT_EQ(plain.status, 200) << plain.text;
    EXPECT_EQ(plain.body.at("id"), "FIVE");
    EXPECT_EQ(plain.body.at("currency"), "usd");
    EXPECT_EQ(plain.body.at("amount_off"), 500);
    EXPECT_EQ(plain.body.at("duration_in_months"), 3);
    EXPECT_EQ(plain.body.at("max_redemptions"), 10);
    EXPECT_FALSE(plain.body.contains("currency_options"));
    const auto full = twin.get("/v1/coupons/FIVE?expand[]=currency_options&expand[]=applies_to");
    EXPECT_EQ(to_text(full.body.at("currency_options")),
              R"({"eur":{"amount_off":400},"usd":{"amount_off":500}})");
    EXPECT_EQ(to_text(full.body.at("applies_to")), R"({"products":["pro"]})");
}

TEST(Coupons, RefuseBadInputByName) {
    struct Case {
        std::string_view form, param, message;
    };
    const Case cases[] = {
        {"duration=once", "", "Must provide percent_off or amount_off."},
        {"percent_off=10&amount_off=5&currency=usd", "",
         "Received both percent_off and amount_off parameters. Please pass in only one."},
        {"amount_off=500", "currency", "You must pass currency when passing amount_off"},
        {"amount_off=0&currency=usd", "amount_off", "greater than or equal to 1."},
        {"amount_off=100000000&currency=usd", "amount_off", "no more than $999,999.99"},
        {"amount_off=5&currency=xyz", "currency", "Invalid currency: xyz. Stripe currently"},
        {"percent_off=0", "percent_off",
         "This value must be greater than or equal to 0.01 (it currently is '0.0')."},
        {"percent_off=100.01", "percent_off",
         "This value must be less than or equal to 100 (it currently is '100.01')."},
        {"percent_off=ten", "percent_off", "Invalid decimal: ten"},
        {"percent_off=10&duration=twice", "duration",
         "Invalid duration: must be one of forever, once, or repeating"},
        {"percent_off=10&duration=repeating", "duration",
         "The duration_in_months param must be set when creating a coupon with a repeating "
         "duration"},
        {"percent_off=10&duration_in_months=3", "duration_in_months", "with a repeating duration"},
        {"percent_off=10&duration=repeating&duration_in_months=1201", "duration_in_months",
         "This value must be less than or equal to 1200."},
        {"percent_off=10&redeem_by=1000", "redeem_by",
         "The parameter `redeem_by` expects a unix timestamp representing a date and time in the "
         "future. You specified the value `1000` which is in the past."},
        {"percent_off=10&redeem_by=1999999999", "redeem_by",
         "Invalid timestamp: can be no more than five years in the future."},
        {"percent_off=10&currency_options[eur][amount_off]=4", "currency_options",
         "You may only specify one of these parameters: currency_options, percent_off."},
        {"amount_off=5&currency=usd&currency_options[EUR][amount_off]=4", "currency_options",
         "Use `eur` instead of `EUR`."},
        {"amount_off=5&currency=usd&currency_options=5", "currency_options", "Invalid object"},
        {"amount_off=5&currency=usd&currency_options[eur][x]=4",
         "currency_options[eur][amount_off]", "Missing required param"},
        {"amount_off=5&currency=usd&currency_options[usd][amount_off]=4",
         "currency_options[usd][amount_off]", "cannot be changed"},
        {"percent_off=10&applies_to[products][]=nothing", "applies_to[products][0]",
         "No such product: 'nothing'"},
        {"percent_off=10&name=12345678901234567890123456789012345678901", "name",
         "must be at most 40 characters"},
        {"percent_off=10&coupon=x", "coupon", "Received unknown parameter: coupon"},
    };
    TwinUnderTest twin;
    for (const auto& c : cases) {
        SCOPED_TRACE(c.form);
        const auto reply = twin.post("/v1/coupons", c.form);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("param"), c.param);
        EXPECT_THAT(reply.error("message"), HasSubstr(c.message));
    }
    EXPECT_TRUE(twin.get("/v1/coupons").body.at("data").empty());
}

TEST(Coupons, HaveOneIdEach) {
    TwinUnderTest twin;
    twin.post("/v1/coupons", "percent_off=10&id=TEN");
    const auto again = twin.post("/v1/coupons", "percent_off=5&id=TEN");
    EXPECT_EQ(again.status, 400);
    EXPECT_EQ(again.error("code"), "resource_already_exists");
    EXPECT_EQ(again.error("message"), "Coupon already exists.");
}

TEST(Coupons, ChangeTheirNameMetadataAndOtherCurrencies) {
    TwinUnderTest twin;
    twin.post("/v1/coupons", "amount_off=500&currency=usd&id=FIVE&metadata[a]=1");
    const auto reply = twin.post("/v1/coupons/FIVE",
                                 "name=Five&metadata[b]=2&currency_options[gbp][amount_off]=300&"
                                 "expand[]=currency_options");
    ASSERT_EQ(reply.status, 200) << reply.text;
    EXPECT_EQ(reply.body.at("name"), "Five");
    EXPECT_EQ(to_text(reply.body.at("metadata")), R"({"a":"1","b":"2"})");
    EXPECT_EQ(reply.body.at("currency_options").at("gbp").at("amount_off"), 300);
    EXPECT_THAT(twin.event_types(), ElementsAre("coupon.created", "coupon.updated"));
    EXPECT_EQ(twin.post("/v1/coupons/FIVE", "percent_off=10").error("code"), "parameter_unknown");
}

TEST(Coupons, AreGoneOnceDeleted) {
    TwinUnderTest twin;
    twin.post("/v1/coupons", "percent_off=10&id=TEN");
    EXPECT_EQ(to_text(twin.del("/v1/coupons/TEN").body),
              R"({"id":"TEN","object":"coupon","deleted":true})");
    const auto missing = twin.get("/v1/coupons/TEN");
    EXPECT_EQ(missing.status, 404);
    EXPECT_EQ(missing.error("message"), "No such coupon: 'TEN'");
    EXPECT_EQ(missing.error("param"), "coupon");
    EXPECT_EQ(twin.del("/v1/coupons/TEN").status, 404);
    const auto event = twin.get("/v1/events?type=coupon.deleted").body.at("data").at(0);
    EXPECT_EQ(event.at("data").at("object").at("valid"), false);
}

TEST(Coupons, AreListedByWhenTheyWereMade) {
    TwinUnderTest twin;
    twin.post("/v1/coupons", "percent_off=10&id=A");
    twin.clock().advance(std::chrono::seconds(10));
    twin.post("/v1/coupons", "percent_off=10&id=B");
    const auto all = twin.get("/v1/coupons").body.at("data");
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all.at(0).at("id"), "B");
    const auto late = twin.get("/v1/coupons?created[gt]=1762799351").body.at("data");
    ASSERT_EQ(late.size(), 1U);
    EXPECT_EQ(late.at(0).at("id"), "B");
}

TEST(Coupons, LapseAfterTheirLastSecond) {
    TwinUnderTest twin;
    twin.post("/v1/coupons", std::string("percent_off=10&id=TEN&redeem_by=") + kThirtyDaysOn);
    twin.post("/v1/promotion_codes", "promotion[type]=coupon&promotion[coupon]=TEN&code=TEN");
    twin.clock().advance(std::chrono::days(30));
    twin.run_due_work();
    EXPECT_EQ(twin.get("/v1/coupons/TEN").body.at("valid"), true);
    twin.clock().advance(std::chrono::seconds(1));
    twin.run_due_work();
    EXPECT_EQ(twin.get("/v1/coupons/TEN").body.at("valid"), false);
    const auto codes = twin.get("/v1/promotion_codes").body.at("data");
    EXPECT_EQ(codes.at(0).at("active"), false);
}

TEST(HasRoom, CountsAndWatchesTheTime) {
    const Instant now = from_unix_seconds(1'000);
    const struct {
        const char *name, *object;
        bool room;
    } cases[] = {
        {"no limits", R"({"object":"coupon","times_redeemed":9})", true},
        {"one left", R"({"object":"coupon","max_redemptions":2,"times_redeemed":1})", true},
        {"none left", R"({"object":"coupon","max_redemptions":2,"times_redeemed":2})", false},
        {"the last second", R"({"object":"coupon","redeem_by":1000})", true},
        {"a second late", R"({"object":"coupon","redeem_by":999})", false},
        {"not expired", R"({"object":"promotion_code","expires_at":1001})", true},
        {"just expired", R"({"object":"promotion_code","expires_at":1000})", false},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(has_room(*parse_json(c.object), now), c.room);
    }
}

}  // namespace
}  // namespace turnpike::twin
