#include "payments/stripe/read_discounts.h"

#include <gtest/gtest.h>

#include "json/value.h"
#include "payments/stripe/testing.h"
#include "payments/stripe/translate.h"

namespace turnpike::stripe {
namespace {

// As recorded with version 2020-08-27: one discount, its coupon in its place.
const char* const kOfOldVersion = R"json({
    "id": "di_1IeONhKXBGcbgpbZYGeu5hhm", "object": "discount", "checkout_session": null,
    "coupon": {"id": "10BUCKS", "object": "coupon", "amount_off": 1000, "created": 1571689476,
               "currency": "usd", "duration": "forever", "duration_in_months": null,
               "livemode": false, "max_redemptions": null, "metadata": {}, "name": "$10 Test",
               "percent_off": null, "redeem_by": null, "times_redeemed": 10, "valid": true},
    "customer": "cus_JGwGSOC6vwEhDG", "end": null, "invoice": null, "invoice_item": null,
    "promotion_code": null, "start": 1617990273, "subscription": "sub_JGwG3QcNFy8PWy"})json";

// As recorded with version 2025-10-29.clover, expanded to "source.coupon".
const char* const kOfClover = R"json({
    "id": "di_1SRzoCKXBGcbgpbZFvreiDjk", "object": "discount", "checkout_session": null,
    "customer": "cus_TOnOcioLlQifd9", "end": null, "invoice": null, "invoice_item": null,
    "promotion_code": null,
    "source": {"coupon": {"id": "10OFF", "object": "coupon", "amount_off": null,
                          "created": 1744820241, "currency": null, "duration": "forever",
                          "duration_in_months": null, "livemode": false, "max_redemptions": null,
                          "metadata": {}, "name": "10% Off", "percent_off": 10.0,
                          "redeem_by": null, "times_redeemed": 15, "valid": true},
               "type": "coupon"},
    "start": 1762799240, "subscription": "sub_1SRzoCKXBGcbgpbZDYbXPugg",
    "subscription_item": null})json";

class ReadDiscounts : public ::testing::Test {
protected:
    ReadDiscounts() { subscription["customer"] = Json{{"id", "cus_1"}, {"object", "customer"}}; }
    std::vector<ProviderDiscount> read() {
        auto all = read_discounts(subscription);
        EXPECT_TRUE(all);
        return all.value_or(std::vector<ProviderDiscount>());
    }
    Json subscription = golden("subscription_2025-10-29.clover.json");  // in dollars
};

TEST_F(ReadDiscounts, AsTheOldVersionSaysThem) {
    subscription.erase("discounts");
    subscription["discount"] = Json::parse(kOfOldVersion);
    const auto all = read();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].id, "di_1IeONhKXBGcbgpbZYGeu5hhm");
    EXPECT_EQ(all[0].coupon, "10BUCKS");
    EXPECT_EQ(all[0].duration, "forever");
    EXPECT_EQ(all[0].amount, Money(1'000, Currency::Usd));
    EXPECT_FALSE(all[0].percent);
    EXPECT_EQ(all[0].start, from_unix_seconds(1'617'990'273));
    EXPECT_FALSE(all[0].end);
}

TEST_F(ReadDiscounts, AsCloverSaysThem) {
    subscription["discounts"] = Json::array({Json::parse(kOfClover)});
    const auto all = read_subscription(subscription)->discounts;
    ASSERT_TRUE(all && all->size() == 1U);
    EXPECT_EQ(all->front().id, "di_1SRzoCKXBGcbgpbZFvreiDjk");
    EXPECT_EQ(all->front().coupon, "10OFF");
    EXPECT_EQ(all->front().percent, Decimal<4>::whole(10));
    EXPECT_FALSE(all->front().amount);
}

TEST_F(ReadDiscounts, AnAnswerThatWasNotExpandedDoesNotSay) {
    subscription["discounts"] = Json::array({"di_1SRzoCKXBGcbgpbZFvreiDjk"});
    EXPECT_FALSE(read_discounts(subscription));
    // Whether the customer has one cannot be seen from its id.
    subscription["discounts"] = Json::array();
    subscription["customer"] = "cus_1";
    EXPECT_FALSE(read_discounts(subscription));
    EXPECT_FALSE(lacks_customer_terms(subscription));
}

TEST_F(ReadDiscounts, TheCustomersCountsWhereThereIsNoOther) {
    subscription["discounts"] = Json::array();
    EXPECT_TRUE(read().empty());
    subscription["customer"]["discount"] = Json::parse(kOfClover);
    EXPECT_FALSE(lacks_customer_terms(subscription));
    EXPECT_EQ(read().at(0).coupon, "10OFF");
    subscription["customer"]["discount"]["source"]["coupon"] = "10OFF";
    EXPECT_TRUE(lacks_customer_terms(subscription));
    EXPECT_FALSE(read().at(0).percent);

    subscription["discounts"] = Json::array({Json::parse(kOfOldVersion)});
    EXPECT_FALSE(lacks_customer_terms(subscription));
    EXPECT_EQ(read().size(), 1U);
    EXPECT_EQ(read().at(0).coupon, "10BUCKS");
}

TEST_F(ReadDiscounts, WhatCannotBeReadIsThereWithoutTerms) {
    Json foreign = Json::parse(kOfOldVersion);
    foreign["coupon"]["currency"] = "eur";  // the subscription is in dollars
    Json odd = Json::parse(kOfClover);
    odd["id"] = "di_odd";
    odd["source"]["coupon"]["percent_off"] = 100.5;
    subscription["discounts"] = Json::array({foreign, odd, odd});
    subscription["items"]["data"][0]["discounts"] = Json::array({"di_of_item"});
    const auto all = read();
    ASSERT_EQ(all.size(), 3U) << "each once";
    EXPECT_EQ(all[0].id, "di_of_item");
    for (const auto& one : all) EXPECT_FALSE(one.percent || one.amount) << one.id;
}

TEST_F(ReadDiscounts, APercentageIsExact) {
    Json discount = Json::parse(kOfClover);
    discount["source"]["coupon"]["percent_off"] = 33.3333;
    subscription["discounts"] = Json::array({discount});
    EXPECT_EQ(read().at(0).percent->text(), "33.3333");
}

}  // namespace
}  // namespace turnpike::stripe
