#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using testing::recorded;
using testing::shape_of;
using testing::TwinUnderTest;

// Required members of Stripe.Product in stripe@20.4.1's types.
TEST(Products, HaveEveryMemberOfTheOfficialType) {
    TwinUnderTest twin;
    const auto reply = twin.post("/v1/products", "name=Pro");
    ASSERT_EQ(reply.status, 200);
    EXPECT_THAT(shape_of(reply.body),
                IsSupersetOf({"id", "object", "active", "created", "default_price", "description",
                              "images", "livemode", "marketing_features", "metadata", "name",
                              "package_dimensions", "shippable", "statement_descriptor", "tax_code",
                              "type", "unit_label", "updated", "url"}));
}

TEST(Products, ComeWithADefaultPrice) {
    TwinUnderTest twin;
    const auto reply =
        twin.post("/v1/products",
                  "name=Pro&default_price_data[currency]=usd&default_price_data[unit_amount]=9900&"
                  "default_price_data[recurring][interval]=month&expand[]=default_price");
    ASSERT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body.at("default_price").at("unit_amount"), 9900);
    EXPECT_EQ(reply.body.at("default_price").at("product"), reply.body.at("id"));
    EXPECT_THAT(twin.event_types(),
                ElementsAre("product.created", "price.created", "product.updated"));
}

TEST(Products, WithPricesCannotBeDeleted) {
    TwinUnderTest twin;
    const auto product = twin.post_id("/v1/products", "name=Pro&id=pro");
    EXPECT_EQ(product, "pro");
    twin.post("/v1/prices", "currency=usd&unit_amount=100&product=pro");
    EXPECT_EQ(twin.del("/v1/products/pro").status, 400);
    const auto lonely = twin.post_id("/v1/products", "name=Lonely");
    EXPECT_EQ(twin.del("/v1/products/" + lonely).body.at("deleted"), true);
    EXPECT_EQ(twin.get("/v1/products/" + lonely).status, 404);
    EXPECT_EQ(twin.post("/v1/products", "name=Again&id=pro").error("code"),
              "resource_already_exists");
}

TEST(Prices, HaveTheRecordedShape) {
    TwinUnderTest twin;
    const auto product = twin.post_id("/v1/products", "name=Pro");
    const auto reply = twin.post("/v1/prices",
                                 "currency=usd&unit_amount=1000&recurring[interval]=month&"
                                 "tax_behavior=exclusive&nickname=Default&product=" +
                                     product);
    const auto recording = recorded("price_recurring").at("body");
    ASSERT_EQ(reply.status, 200);
    EXPECT_EQ(shape_of(reply.body), shape_of(recording));
    for (const char* member :
         {"active", "billing_scheme", "currency", "custom_unit_amount", "livemode", "lookup_key",
          "metadata", "nickname", "recurring", "tax_behavior", "tiers_mode", "transform_quantity",
          "type", "unit_amount", "unit_amount_decimal"})
        EXPECT_EQ(reply.body.at(member), recording.at(member)) << member;
}

TEST(Prices, KeepDecimalAmountsExactly) {
    TwinUnderTest twin;
    struct Case {
        std::string_view given, amount, decimal;
    };
    const Case cases[] = {{"0.5", "null", R"("0.5")"},
                          {"012.50", "null", R"("12.5")"},
                          {"1900.000", "1900", R"("1900")"},
                          {"0.000000000001", "null", R"("0.000000000001")"}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.given);
        const auto reply = twin.post("/v1/prices",
                                     "currency=usd&product_data[name]=P&"
                                     "unit_amount_decimal=" +
                                         std::string(c.given));
        ASSERT_EQ(reply.status, 200);
        EXPECT_EQ(to_text(reply.body.at("unit_amount")), c.amount);
        EXPECT_EQ(to_text(reply.body.at("unit_amount_decimal")), c.decimal);
    }
    for (const char* bad : {"-1", "1e3", "1.", ".5", "0.0000000000001", "x"}) {
        SCOPED_TRACE(bad);
        EXPECT_EQ(twin.post("/v1/prices", "currency=usd&product_data[name]=P&unit_amount_decimal=" +
                                              std::string(bad))
                      .status,
                  400);
    }
}

TEST(Prices, RefuseBadInputByName) {
    struct Case {
        std::string_view form, param, message;
    };
    const Case cases[] = {
        {"unit_amount=1&product=p", "currency", "Missing required param: currency."},
        {"currency=xyz&unit_amount=1&product=p", "currency", "Invalid currency: xyz."},
        {"currency=usd&product=p", "",
         "Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set."},
        {"currency=usd&unit_amount=-1&product=p", "unit_amount", "Invalid non-negative integer"},
        {"currency=usd&unit_amount=1", "",
         "You must specify either `product` or `product_data` when creating a price."},
        {"currency=usd&unit_amount=1&product=p", "product", "No such product: 'p'"},
        {"currency=usd&unit_amount=1&product=p&product_data[name]=P", "product",
         "You may only specify one of these parameters: product, product_data."},
        {"currency=usd&unit_amount=1&product=p&recurring[interval]=fortnight",
         "recurring[interval]",
         "Invalid recurring[interval]: must be one of day, month, week, or year"},
        {"currency=usd&unit_amount=1&product=p&recurring[usage_type]=metered&"
         "recurring[interval]=month",
         "",
         "Starting with Stripe version `2025-03-31.basil`, metered prices must be backed by "
         "meters."},
        {"currency=usd&product=p&billing_scheme=tiered&tiers_mode=volume&tiers[0][up_to]=inf&"
         "tiers[0][unit_amount]=500",
         "interval", "Prices with `type=one_time` are not supported with tiered billing."},
        {"currency=usd&unit_amount=1&product=p&tiers[0][up_to]=inf", "tiers",
         "unless `billing_scheme` is set to `tiered`"},
    };
    TwinUnderTest twin;
    for (const auto& c : cases) {
        SCOPED_TRACE(c.form);
        const auto reply = twin.post("/v1/prices", c.form);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("param"), c.param);
        EXPECT_THAT(reply.error("message"), HasSubstr(c.message));
    }
}

TEST(Prices, AreRefusedWithoutACodeWhereSomethingIsMissing) {
    TwinUnderTest twin;
    const std::string product = twin.post_id("/v1/products", "name=P");
    for (const std::string& form :
         {"currency=usd&product=" + product, std::string("currency=usd&unit_amount=1000"),
          "currency=usd&unit_amount=1000&product_data[name]=x&product=" + product,
          "currency=usd&unit_amount=5&recurring[interval]=month&recurring[usage_type]=metered"
          "&product=" +
              product}) {
        SCOPED_TRACE(form);
        const auto reply = twin.post("/v1/prices", form);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("code"), "");
    }
}

TEST(Prices, KeepTheirProduct) {
    TwinUnderTest twin;
    const std::string product = twin.post_id("/v1/products", "name=P");
    twin.post("/v1/prices", "currency=usd&unit_amount=1&product=" + product);
    const auto kept = twin.del("/v1/products/" + product);
    EXPECT_EQ(kept.status, 400);
    EXPECT_EQ(kept.error("message"),
              "This product cannot be deleted because it has one or more user-created prices.");
    EXPECT_EQ(kept.error("param"), "");
}

TEST(Prices, HaveLookupKeysOfTheirOwn) {
    TwinUnderTest twin;
    const std::string form = "currency=usd&unit_amount=1&product_data[name]=P&lookup_key=pro";
    const auto first = twin.post_id("/v1/prices", form);
    EXPECT_EQ(twin.post("/v1/prices", form).status, 400);
    const auto second = twin.post_id("/v1/prices", form + "&transfer_lookup_key=true");
    EXPECT_TRUE(twin.get("/v1/prices/" + first).body.at("lookup_key").is_null());
    const auto found = twin.get("/v1/prices?lookup_keys[]=pro").body.at("data");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found.at(0).at("id"), second);
}

TEST(Prices, AreListedByWhatTheyAre) {
    TwinUnderTest twin;
    const auto product = twin.post_id("/v1/products", "name=A");
    const auto monthly = twin.post_id(
        "/v1/prices", "currency=usd&unit_amount=1&recurring[interval]=month&product=" + product);
    const auto once = twin.post_id("/v1/prices", "currency=eur&unit_amount=1&product=" + product);
    twin.post("/v1/prices", "currency=usd&unit_amount=1&product_data[name]=B");
    twin.post("/v1/prices/" + once, "active=false");
    const auto ids = [&](const std::string& query) {
        std::vector<std::string> found;
        for (const auto& price : twin.get("/v1/prices?" + query).body.at("data"))
            found.push_back(price.at("id").get<std::string>());
        return found;
    };
    EXPECT_THAT(ids("product=" + product), ElementsAre(once, monthly));
    EXPECT_THAT(ids("product=" + product + "&active=true"), ElementsAre(monthly));
    EXPECT_THAT(ids("type=recurring"), ElementsAre(monthly));
    EXPECT_THAT(ids("currency=eur"), ElementsAre(once));
}

}  // namespace
}  // namespace turnpike::twin
