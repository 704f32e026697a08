#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::shape_of;
using testing::TwinUnderTest;

const http::Headers kClover = {{"Stripe-Version", "2026-02-25.clover"}};

class Discounts : public ::testing::Test {
protected:
    Discounts() {
        twin_.post("/v1/coupons", "percent_off=20&id=TWENTY");
        twin_.post("/v1/coupons", "percent_off=30&id=THIRTY");
    }

    /// data of the newest event of this type.
    Json last_event(const std::string& type) {
        const auto events = twin_.get("/v1/events?type=" + type).body.at("data");
        return events.empty() ? Json() : events.at(0).at("data");
    }
    /// Types of the events since the coupons were made.
    std::vector<std::string> events() {
        auto types = twin_.event_types();
        types.erase(types.begin(), types.begin() + 2);
        return types;
    }
    Json coupon(const std::string& id) { return twin_.get("/v1/coupons/" + id).body; }

    TwinUnderTest twin_;
};

// Required members of Stripe.Discount in stripe@20.4.1's types: those that Stripe recorded at
// clover (2025-10-29), and customer_account.
TEST_F(Discounts, OfCustomersHaveTheShapeOfClover) {
    const auto reply = twin_.post("/v1/customers", "coupon=TWENTY");
    ASSERT_EQ(reply.status, 200) << reply.text;
    const auto discount = reply.body.at("discount");
    EXPECT_THAT(
        shape_of(discount),
        ElementsAre("checkout_session", "customer", "customer_account", "end", "id", "invoice",
                    "invoice_item", "object", "promotion_code", "source", "source.coupon",
                    "source.type", "start", "subscription", "subscription_item"));
    EXPECT_EQ(discount.at("customer"), reply.body.at("id"));
    EXPECT_EQ(to_text(discount.at("source")), R"({"coupon":"TWENTY","type":"coupon"})");
    EXPECT_EQ(discount.at("start"), 1'762'799'351);
    EXPECT_TRUE(discount.at("end").is_null());
    EXPECT_THAT(events(), ElementsAre("customer.created", "customer.discount.created"));
    EXPECT_EQ(last_event("customer.discount.created").at("object"), discount);
    EXPECT_EQ(coupon("TWENTY").at("times_redeemed"), 1);
}

TEST_F(Discounts, AreReplacedAndCleared) {
    const auto id = twin_.post_id("/v1/customers", "coupon=TWENTY");
    const auto replaced =
        twin_.post("/v1/customers/" + id, "coupon=THIRTY&expand[]=discount.source.coupon");
    EXPECT_EQ(replaced.body.at("discount").at("source").at("coupon").at("percent_off"), 30);
    const auto previous = last_event("customer.discount.updated").at("previous_attributes");
    EXPECT_EQ(to_text(previous.at("source")), R"({"coupon":"TWENTY"})");
    const auto cleared = twin_.post("/v1/customers/" + id, "coupon=");
    EXPECT_TRUE(cleared.body.at("discount").is_null());
    EXPECT_EQ(last_event("customer.discount.deleted").at("object").at("source").at("coupon"),
              "THIRTY");
    EXPECT_THAT(events(), ElementsAre("customer.created", "customer.discount.created",
                                      "customer.updated", "customer.discount.updated",
                                      "customer.updated", "customer.discount.deleted"));
    EXPECT_EQ(twin_.post("/v1/customers/" + id, "coupon=").status, 200);  // nothing to clear
}

TEST_F(Discounts, AreDeletedByTheirOwnAddress) {
    const auto id = twin_.post_id("/v1/customers", "coupon=TWENTY");
    const auto deleted = twin_.del("/v1/customers/" + id + "/discount");
    ASSERT_EQ(deleted.status, 200);
    EXPECT_EQ(deleted.body.at("deleted"), true);
    EXPECT_EQ(deleted.body.at("object"), "discount");
    EXPECT_FALSE(deleted.body.contains("end"));
    EXPECT_TRUE(twin_.get("/v1/customers/" + id).body.at("discount").is_null());
    const auto again = twin_.del("/v1/customers/" + id + "/discount");
    EXPECT_EQ(again.status, 404);
    EXPECT_EQ(again.error("message"), "No active discount for customer: " + id);
}

TEST_F(Discounts, OfCustomersAreAskedForOnlyByThoseWhoNameNoVersion) {
    for (const char* form : {"coupon=TWENTY", "promotion_code=promo_1", "coupon="}) {
        SCOPED_TRACE(form);
        const auto reply = twin_.post("/v1/customers", form, kClover);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("code"), "parameter_unknown");
    }
}

TEST_F(Discounts, OfARepeatingCouponEndWithItsLastMonth) {
    twin_.post("/v1/coupons", "percent_off=5&id=Q&duration=repeating&duration_in_months=3");
    const auto clock =
        twin_.post_id("/v1/test_helpers/test_clocks", "frozen_time=1769817600");  // 31 January
    const auto id = twin_.post_id("/v1/customers", "coupon=Q&test_clock=" + clock);
    const auto discount = twin_.get("/v1/customers/" + id).body.at("discount");
    EXPECT_EQ(discount.at("start"), 1'769'817'600);
    EXPECT_EQ(discount.at("end"), 1'777'507'200);  // 30 April: no 31st
    twin_.post("/v1/test_helpers/test_clocks/" + clock + "/advance", "frozen_time=1777507199");
    twin_.run_due_work();
    EXPECT_FALSE(twin_.get("/v1/customers/" + id).body.at("discount").is_null());
    twin_.post("/v1/test_helpers/test_clocks/" + clock + "/advance", "frozen_time=1777507200");
    twin_.run_due_work();
    EXPECT_TRUE(twin_.get("/v1/customers/" + id).body.at("discount").is_null());
    EXPECT_EQ(last_event("customer.discount.deleted").at("object").at("id"), discount.at("id"));
}

TEST_F(Discounts, LastForUpToAHundredYears) {
    twin_.post("/v1/coupons", "percent_off=5&id=Q&duration=repeating&duration_in_months=1200");
    const auto discount = twin_.post("/v1/customers", "coupon=Q").body.at("discount");
    const auto day = [&](const char* member) {
        return std::chrono::year_month_day(
            std::chrono::floor<std::chrono::days>(from_unix_seconds(integer_of(discount, member))));
    };
    EXPECT_EQ(day("end"), day("start") + std::chrono::years(100));
}

TEST_F(Discounts, UseUpTheirCoupon) {
    twin_.post("/v1/coupons", "percent_off=5&id=ONE&max_redemptions=1");
    const auto code = twin_.post_id("/v1/promotion_codes", "coupon=ONE");
    EXPECT_EQ(twin_.post("/v1/customers", "promotion_code=" + code).status, 200);
    EXPECT_EQ(coupon("ONE").at("valid"), false);
    const auto spent = twin_.get("/v1/promotion_codes/" + code).body;
    EXPECT_EQ(spent.at("active"), false);
    EXPECT_EQ(spent.at("times_redeemed"), 1);
    const auto refused = twin_.post("/v1/customers", "coupon=ONE");
    EXPECT_EQ(refused.error("code"), "coupon_expired");
    EXPECT_EQ(refused.error("message"), "Coupon expired: ONE");
    EXPECT_EQ(twin_.get("/v1/customers").body.at("data").size(), 1U);
}

TEST_F(Discounts, AreNotOfOneCouponTwice) {
    twin_.post("/v1/coupons", "percent_off=5&id=ONE&max_redemptions=1");
    const auto code = twin_.post_id("/v1/promotion_codes", "coupon=ONE");
    const auto other = twin_.post_id("/v1/promotion_codes", "coupon=ONE&code=OTHER");
    const auto ann = twin_.post_id("/v1/customers", "");
    const auto item = [&](const std::string& first, const std::string& second) {
        return twin_.post("/v1/invoiceitems", "customer=" + ann + "&amount=500&discounts[0]" +
                                                  first + "&discounts[1]" + second);
    };
    for (const auto& second : {std::string("[coupon]=ONE"), "[promotion_code]=" + other}) {
        for (const auto& first : {std::string("[coupon]=ONE"), "[promotion_code]=" + code}) {
            const auto refused = item(first, second);
            EXPECT_EQ(refused.status, 400);
            EXPECT_EQ(refused.error("param"), "discounts[1]" + second.substr(0, second.find('=')));
            EXPECT_EQ(refused.error("message"), "The coupon ONE can be redeemed once in a list.");
        }
    }
    EXPECT_EQ(coupon("ONE").at("times_redeemed"), 0);
    const auto both = item("[coupon]=ONE", "[coupon]=TWENTY").body;
    EXPECT_EQ(coupon("ONE").at("times_redeemed"), 1);
    const auto kept = "[discount]=" + both.at("discounts").at(0).get<std::string>();
    EXPECT_EQ(twin_
                  .post("/v1/invoiceitems/" + both.at("id").get<std::string>(),
                        "discounts[0]" + kept + "&discounts[1]" + kept)
                  .error("param"),
              "discounts[1][discount]");
}

TEST_F(Discounts, RefuseWhatCannotBeRedeemed) {
    const auto ann = twin_.post_id("/v1/customers", "name=Ann");
    const auto code = [&](const std::string& more) {
        return twin_.post_id("/v1/promotion_codes", "coupon=TWENTY&" + more);
    };
    struct Case {
        std::string form, param;
        std::string_view message;
    };
    const Case cases[] = {
        {"coupon=NO", "coupon", "No such coupon: 'NO'"},
        {"promotion_code=NO", "promotion_code", "No such promotion code: 'NO'"},
        {"coupon=TWENTY&promotion_code=NO", "coupon",
         "You may only specify one of these parameters"},
        {"promotion_code=" + code("active=false"), "promotion_code", "because it is not active."},
        {"promotion_code=" + code("customer=" + ann), "promotion_code", "another customer."},
        {"promotion_code=" + code("restrictions[minimum_amount]=5&"
                                  "restrictions[minimum_amount_currency]=usd"),
         "promotion_code", "`minimum_amount` restriction"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.form);
        const auto reply = twin_.post("/v1/customers", c.form);
        EXPECT_EQ(reply.status, 400);
        EXPECT_EQ(reply.error("param"), c.param);
        EXPECT_THAT(reply.error("message"), HasSubstr(c.message));
    }
    EXPECT_EQ(coupon("TWENTY").at("times_redeemed"), 0);
}

TEST_F(Discounts, ForFirstTransactionsAreNotForThoseWhoHavePaid) {
    const auto code = twin_.post_id("/v1/promotion_codes",
                                    "coupon=TWENTY&restrictions[first_time_transaction]=true");
    const auto id = twin_.post_id("/v1/customers", "payment_method=pm_card_visa");
    const auto path = "/v1/customers/" + id;
    EXPECT_EQ(twin_.post(path, "promotion_code=" + code).body.at("discount").at("promotion_code"),
              code);
    twin_.post(path, "coupon=");
    const auto method = twin_.get("/v1/payment_methods?customer=" + id).body.at("data").at(0);
    ASSERT_EQ(
        twin_
            .post(
                "/v1/payment_intents",
                "amount=2000&currency=usd&confirm=true&return_url=https://shop.example&customer=" +
                    id + "&payment_method=" + method.at("id").get<std::string>() +
                    "&payment_method_types[]=card")
            .status,
        200);
    EXPECT_EQ(twin_.post(path, "promotion_code=" + code).error("message"),
              "This promotion code cannot be redeemed because the associated customer has prior "
              "transactions.");
    // Who is not known yet has no prior transactions, whatever others have paid.
    const auto unknown = twin_.post(
        "/v1/checkout/sessions",
        "mode=payment&success_url=https%3A%2F%2Fshop.test%2F&line_items[0][quantity]=1"
        "&line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=2000"
        "&line_items[0][price_data][product_data][name]=Ink&discounts[0][promotion_code]=" +
            code);
    EXPECT_EQ(unknown.status, 200) << unknown.text;
}

TEST_F(Discounts, AreRedeemedOncePerKey) {
    const http::Headers key = {{"Idempotency-Key", "once"}};
    const auto first = twin_.post("/v1/customers", "coupon=TWENTY", key);
    const auto second = twin_.post("/v1/customers", "coupon=TWENTY", key);
    EXPECT_EQ(first.text, second.text);
    EXPECT_EQ(coupon("TWENTY").at("times_redeemed"), 1);
}

TEST_F(Discounts, SurviveTheirCoupon) {
    const auto id = twin_.post_id("/v1/customers", "coupon=TWENTY");
    twin_.del("/v1/coupons/TWENTY");
    const auto kept = twin_.get("/v1/customers/" + id + "?expand[]=discount.source.coupon");
    EXPECT_EQ(kept.body.at("discount").at("source").at("coupon"), "TWENTY");
}

}  // namespace
}  // namespace turnpike::twin
