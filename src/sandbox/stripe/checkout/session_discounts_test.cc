#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/testing/billing_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::HasSubstr;

class SessionDiscountsTest : public ::testing::Test {
protected:
    SessionDiscountsTest() {
        const Json product = sandbox_.post("/v1/products", "name=Mug");
        mug_ = text_of(sandbox_.post("/v1/prices", "currency=usd&unit_amount=1500&product=" +
                                                       text_of(product, "id")),
                       "id");
        sandbox_.post("/v1/coupons", "id=quarter&percent_off=25&duration=once");
        code_ = text_of(sandbox_.post("/v1/promotion_codes",
                                      "promotion[type]=coupon&promotion[coupon]=quarter&code=SPRING"
                                      "&max_redemptions=1"),
                        "id");
    }
    std::string form(const std::string& more) const {
        return "mode=payment&line_items[0][quantity]=2&line_items[0][price]=" + mug_ +
               "&success_url=https://shop.example/" + more;
    }
    Json open(const std::string& more) {
        return sandbox_.post("/v1/checkout/sessions", form(more));
    }
    Json pay(const Json& session, const std::string& method = "pm_card_visa") {
        return sandbox_.post("/v1/payment_pages/" + text_of(session, "id") + "/confirm",
                             "payment_method=" + method);
    }

    BillingSandbox sandbox_;
    std::string mug_, code_;
};

// 25 % of 30.00 is 7.50.
TEST_F(SessionDiscountsTest, ComeOffThePayment) {
    const struct {
        std::string discount, coupon, code;
    } cases[] = {
        {"&discounts[0][coupon]=quarter", "quarter", ""},
        {"&discounts[0][promotion_code]=" + code_, "", code_},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.discount);
        const Json session = open(c.discount);
        EXPECT_EQ(integer_of(session, "amount_subtotal"), 3000);
        EXPECT_EQ(integer_of(session, "amount_total"), 2250);
        EXPECT_EQ(integer_of(session.at("total_details"), "amount_discount"), 750);
        ASSERT_EQ(session.at("discounts").size(), 1U);
        EXPECT_EQ(text_of(session.at("discounts").at(0), "coupon"), c.coupon);
        EXPECT_EQ(text_of(session.at("discounts").at(0), "promotion_code"), c.code);
        const Json lines =
            sandbox_.get("/v1/checkout/sessions/" + text_of(session, "id") + "/line_items");
        EXPECT_EQ(integer_of(lines.at("data").at(0), "amount_discount"), 750);
        EXPECT_EQ(integer_of(lines.at("data").at(0), "amount_total"), 2250);
        const Json paid = pay(session);
        const Json intent = sandbox_.get("/v1/payment_intents/" + text_of(paid, "payment_intent"));
        EXPECT_EQ(integer_of(intent, "amount_received"), 2250);
    }
    EXPECT_EQ(integer_of(sandbox_.get("/v1/coupons/quarter"), "times_redeemed"), 2);
    const Json code = sandbox_.get("/v1/promotion_codes/" + code_);
    EXPECT_EQ(integer_of(code, "times_redeemed"), 1);
}

TEST_F(SessionDiscountsTest, AreCheckedAgainWhenSomebodyPays) {
    const Json first = open("&discounts[0][promotion_code]=" + code_);
    const Json second = open("&discounts[0][promotion_code]=" + code_);
    pay(first);
    EXPECT_THAT(sandbox_
                    .refused("/v1/payment_pages/" + text_of(second, "id") + "/confirm",
                             "payment_method=pm_card_visa")
                    .message,
                HasSubstr("This promotion code cannot be redeemed"));
}

TEST_F(SessionDiscountsTest, OfEverythingNeedNoCard) {
    sandbox_.post("/v1/coupons", "id=gift&percent_off=100&duration=once");
    const Json session = open("&discounts[0][coupon]=gift");
    EXPECT_EQ(text_of(session, "payment_status"), "no_payment_required");
    const Json done = sandbox_.post("/v1/payment_pages/" + text_of(session, "id") + "/confirm");
    EXPECT_EQ(text_of(done, "status"), "complete");
    EXPECT_TRUE(done.at("payment_intent").is_null());
    EXPECT_EQ(integer_of(sandbox_.get("/v1/coupons/gift"), "times_redeemed"), 1);
}

TEST_F(SessionDiscountsTest, GoOnToTheSubscription) {
    const Json session =
        sandbox_.post("/v1/checkout/sessions",
                      "mode=subscription&line_items[0][quantity]=1&discounts[0][coupon]=quarter"
                      "&success_url=https://shop.example/&line_items[0][price]=" +
                          sandbox_.price("Pro", 1000));
    EXPECT_EQ(integer_of(session, "amount_total"), 750);
    const Json done = pay(session);
    EXPECT_EQ(integer_of(sandbox_.get("/v1/invoices/" + text_of(done, "invoice")), "amount_paid"),
              750);
    EXPECT_EQ(integer_of(sandbox_.get("/v1/coupons/quarter"), "times_redeemed"), 1);
}

// The payment that redeems a code is not one that came before it.
TEST_F(SessionDiscountsTest, ForAFirstPaymentAreCountedWithIt) {
    for (const std::string invoice : {"", "&invoice_creation[enabled]=true"}) {
        SCOPED_TRACE(invoice);
        const std::string first =
            text_of(sandbox_.post("/v1/promotion_codes",
                                  "promotion[type]=coupon&promotion[coupon]=quarter"
                                  "&restrictions[first_time_transaction]=true"),
                    "id");
        const std::string with = "&discounts[0][promotion_code]=" + first +
                                 "&customer=" + sandbox_.customer("") + invoice;
        const Json done = pay(open(with));
        EXPECT_EQ(integer_of(done, "amount_total"), 2250);
        EXPECT_EQ(integer_of(sandbox_.get("/v1/promotion_codes/" + first), "times_redeemed"), 1);
        EXPECT_THAT(sandbox_.refused("/v1/checkout/sessions", form(with)).message,
                    HasSubstr("prior transactions"));
        if (invoice.empty()) continue;
        const Json bill = sandbox_.get("/v1/invoices/" + text_of(done, "invoice"));
        EXPECT_EQ(integer_of(bill, "subtotal"), 3000);
        EXPECT_EQ(bill.at("discounts").size(), 1U);
    }
}

// 10.00 a month and two mugs at 15.00: 40.00.
TEST_F(SessionDiscountsTest, OfAMinimumAreForAllThatIsBought) {
    const std::string code =
        text_of(sandbox_.post("/v1/promotion_codes",
                              "promotion[type]=coupon&promotion[coupon]=quarter"
                              "&restrictions[minimum_amount]=4000"
                              "&restrictions[minimum_amount_currency]=usd"),
                "id");
    const std::string start =
        "mode=subscription&success_url=https://shop.example/"
        "&discounts[0][promotion_code]=" +
        code + "&line_items[0][quantity]=1&line_items[0][price]=" + sandbox_.price("Pro", 1000);
    const std::string mugs = "&line_items[1][quantity]=2&line_items[1][price]=" + mug_;
    EXPECT_THAT(sandbox_.refused("/v1/checkout/sessions", start).message, HasSubstr("$40.00"));
    const Json done = pay(sandbox_.post("/v1/checkout/sessions", start + mugs));
    EXPECT_EQ(text_of(done, "status"), "complete");
    EXPECT_EQ(integer_of(sandbox_.get("/v1/promotion_codes/" + code), "times_redeemed"), 1);
    const Json trial = sandbox_.post("/v1/checkout/sessions",
                                     start + mugs + "&subscription_data[trial_period_days]=7");
    EXPECT_EQ(text_of(pay(trial), "status"), "complete");
}

TEST_F(SessionDiscountsTest, AreRefusedByName) {
    sandbox_.post("/v1/coupons", "id=most&amount_off=2960&currency=usd&duration=once");
    const struct {
        std::string more, param, message;
    } cases[] = {
        {"&discounts[0][coupon]=no", "discounts[0][coupon]", "No such coupon: 'no'"},
        {"&discounts[0][coupon]=quarter&discounts[1][coupon]=most", "discounts",
         "A Checkout Session can have at most one discount."},
        {"&discounts[0][coupon]=quarter&allow_promotion_codes=true", "allow_promotion_codes",
         "You may only specify one of these parameters: allow_promotion_codes, "
         "discounts."},
        {"&discounts[0][coupon]=most", "",
         "The Checkout Session's total amount due must add up to at least $0.50 "
         "usd"},
        {"&discounts[0][discount]=di_1", "discounts[0][discount]",
         "Received unknown parameter: discounts[0][discount]"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.more);
        const StripeError error = sandbox_.refused("/v1/checkout/sessions", form(c.more));
        EXPECT_EQ(error.param, c.param);
        EXPECT_EQ(error.message, c.message);
    }
}

}  // namespace
}  // namespace turnpike::twin
