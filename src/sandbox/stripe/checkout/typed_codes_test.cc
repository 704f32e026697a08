#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/form.h"
#include "sandbox/html.h"
#include "sandbox/stripe/checkout/checkout.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/testing/billing_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kTypedCard =
    "action=card&email=ada%40example.com&number=4242424242424242&exp=12%2F34&cvc=123&name=Ada";
constexpr const char* kDeclinedCard =
    "action=card&email=ada%40example.com&number=4000000000000002&exp=12%2F34&cvc=123&name=Ada";

/// Two mugs at $15.00; SPRING takes off a quarter, which is $7.50.
class TypedCodesTest : public ::testing::Test {
protected:
    TypedCodesTest() {
        const Json product = sandbox_.post("/v1/products", "name=Mug");
        mug_ = text_of(sandbox_.post("/v1/prices", "currency=usd&unit_amount=1500&product=" +
                                                       text_of(product, "id")),
                       "id");
        sandbox_.post("/v1/coupons", "id=quarter&percent_off=25&duration=once");
        code("SPRING");
        open();
    }
    Json code(const std::string& word, const std::string& more = "") {
        return sandbox_.post(
            "/v1/promotion_codes",
            "promotion[type]=coupon&promotion[coupon]=quarter&code=" + word + more);
    }
    void open(const std::string& more = "&allow_promotion_codes=true") {
        session_ =
            sandbox_.post("/v1/checkout/sessions",
                          "mode=payment&line_items[0][quantity]=2&line_items[0][price]=" + mug_ +
                              "&success_url=https://shop.example/" + more);
    }
    PageAnswer visit(std::string_view method, const std::string& fields) {
        const Json parameters = *decode_form(fields);
        for (const PageRoute& route : checkout_page_feature().pages) {
            if (route.method != method) continue;
            return sandbox_.in_transaction([&](Context& ctx) {
                PageRequest page{.ctx = ctx,
                                 .object = *ctx.find(route.kind, text_of(session_, "id")),
                                 .form = Params(parameters),
                                 .path = "/here"};
                return route.handler(page);
            });
        }
        return {};
    }
    std::string show() { return visit("GET", "").html; }
    void send(const std::string& fields) { EXPECT_EQ(visit("POST", fields).status, 303); }
    Json now_is() { return sandbox_.get("/v1/checkout/sessions/" + text_of(session_, "id")); }
    std::int64_t total() { return integer_of(now_is(), "amount_total"); }
    std::size_t charges() { return sandbox_.get("/v1/charges").at("data").size(); }

    BillingSandbox sandbox_;
    std::string mug_;
    Json session_;
};

TEST_F(TypedCodesTest, AreLookedAtFirst) {
    EXPECT_THAT(show(),
                AllOf(HasSubstr("<label for=\"promotion_code\">"), HasSubstr("Pay $30.00")));
    send("action=apply_code&email=a%40b.co&promotion_code=+spring+");
    EXPECT_EQ(total(), 2250);
    EXPECT_THAT(show(),
                AllOf(HasSubstr("Pay $22.50"), HasSubstr("value=\"a@b.co\""), HasSubstr("Discount"),
                      HasSubstr("Remove the code"), Not(HasSubstr("name=\"promotion_code"))));
    send("action=remove_code");
    EXPECT_EQ(total(), 3000);
    EXPECT_EQ(charges(), 0U);
}

TEST_F(TypedCodesTest, CountWhenTheyAreTypedBesideTheCard) {
    send(std::string(kTypedCard) + "&promotion_code=SPRING");
    const Json done = now_is();
    EXPECT_EQ(text_of(done, "status"), "complete");
    EXPECT_EQ(integer_of(done, "amount_total"), 2250);
    EXPECT_EQ(integer_of(done.at("total_details"), "amount_discount"), 750);
    const Json intent = sandbox_.get("/v1/payment_intents/" + text_of(done, "payment_intent"));
    EXPECT_EQ(integer_of(intent, "amount_received"), 2250);
    EXPECT_EQ(integer_of(sandbox_.get("/v1/coupons/quarter"), "times_redeemed"), 1);
}

TEST_F(TypedCodesTest, OfNoUseAreSaidAndNothingIsCharged) {
    const std::string bob = sandbox_.customer("");
    code("BOB", "&customer=" + bob);
    code("BIG", "&restrictions[minimum_amount]=5000&restrictions[minimum_amount_currency]=usd");
    code("LATE", "&expires_at=" + std::to_string(unix_seconds(sandbox_.now()) + 60));
    code("OFF", "&active=false");
    sandbox_.post("/v1/coupons", "id=once&percent_off=10&max_redemptions=1");
    sandbox_.post("/v1/promotion_codes",
                  "promotion[type]=coupon&promotion[coupon]=once&code=GONE&max_redemptions=1");
    sandbox_.post(
        "/v1/customers/" + bob,
        "promotion_code=" +
            text_of(sandbox_.get("/v1/promotion_codes", "code=GONE").at("data").at(0), "id"));
    sandbox_.set_now(sandbox_.now() + std::chrono::minutes(2));
    const struct {
        const char* word;
        const char* says;
    } cases[] = {
        {"WINTER", "This code is invalid."},
        {"%3Cb%3E", "This code is invalid."},
        {"BOB", "This code is for another customer."},
        {"BIG", "the minimum amount of $50.00 is not met."},
        {"LATE", "This code has expired."},
        {"OFF", "This code has expired."},
        {"GONE", "This code has expired."},
    };
    for (const std::string button : {"action=apply_code", kTypedCard})
        for (const auto& c : cases) {
            SCOPED_TRACE(button + c.word);
            send(button + "&promotion_code=" + c.word);
            const std::string page = show();
            EXPECT_THAT(page,
                        AllOf(HasSubstr(std::string(c.says) + "</p><label for=\"promotion_code\">"),
                              HasSubstr(" aria-invalid=\"true\""), Not(HasSubstr("<b>"))));
            EXPECT_EQ(text_of(now_is(), "status"), "open");
            EXPECT_EQ(total(), 3000);
        }
    EXPECT_EQ(charges(), 0U);
    EXPECT_THAT(show(), Not(HasSubstr("role=\"alert\"")));
}

TEST_F(TypedCodesTest, StayTypedWhenTheCardIsWrong) {
    send(
        "action=card&email=ada%40example.com&number=4242&exp=12%2F34&cvc=123&name=Ada"
        "&promotion_code=SPRING");
    EXPECT_THAT(show(),
                AllOf(HasSubstr("Your card number is incorrect."), HasSubstr("value=\"SPRING\"")));
    EXPECT_EQ(total(), 3000);
}

TEST_F(TypedCodesTest, CountForAPaymentThatWasDeclinedBefore) {
    send(kDeclinedCard);
    const std::string intent = text_of(now_is(), "payment_intent");
    send(std::string(kTypedCard) + "&promotion_code=SPRING");
    EXPECT_EQ(text_of(now_is(), "status"), "complete");
    EXPECT_EQ(text_of(now_is(), "payment_intent"), intent);
    EXPECT_EQ(integer_of(sandbox_.get("/v1/payment_intents/" + intent), "amount_received"), 2250);
}

TEST_F(TypedCodesTest, CountForASubscriptionThatWasDeclinedBefore) {
    session_ =
        sandbox_.post("/v1/checkout/sessions",
                      "mode=subscription&line_items[0][quantity]=1&allow_promotion_codes=true"
                      "&success_url=https://shop.example/&line_items[0][price]=" +
                          sandbox_.price("Pro", 1000));
    // This card can be kept, and is declined when it is charged.
    send("action=card&email=a%40b.co&number=4000000000000341&exp=12%2F34&cvc=123&name=Ada");
    send(std::string(kTypedCard) + "&promotion_code=SPRING");
    const Json done = now_is();
    EXPECT_EQ(text_of(done, "status"), "complete");
    EXPECT_EQ(integer_of(sandbox_.get("/v1/invoices/" + text_of(done, "invoice")), "amount_paid"),
              750);
    const Json ended = sandbox_.get("/v1/subscriptions", "status=incomplete_expired").at("data");
    EXPECT_EQ(ended.size(), 1U);
}

TEST_F(TypedCodesTest, OfEverythingTakeNoCard) {
    sandbox_.post("/v1/coupons", "id=gift&percent_off=100&duration=once");
    sandbox_.post("/v1/promotion_codes", "promotion[type]=coupon&promotion[coupon]=gift&code=GIFT");
    send(kDeclinedCard);
    const std::string intent = text_of(now_is(), "payment_intent");
    send(std::string(kTypedCard) + "&promotion_code=GIFT");
    EXPECT_EQ(text_of(now_is(), "status"), "complete");
    EXPECT_EQ(text_of(now_is(), "payment_intent"), "");
    EXPECT_EQ(text_of(sandbox_.get("/v1/payment_intents/" + intent), "status"), "canceled");
}

TEST_F(TypedCodesTest, AreRefusedUnlessTheShopTakesThem) {
    open("");
    EXPECT_THAT(show(), Not(HasSubstr("promotion_code")));
    for (const std::string button : {"action=apply_code", kTypedCard}) {
        send(button + "&promotion_code=SPRING");
        EXPECT_EQ(total(), 3000);
        EXPECT_EQ(text_of(now_is(), "status"), "open");
    }
    send("action=remove_code");
    send(kTypedCard);
    EXPECT_EQ(text_of(now_is(), "status"), "complete");
}

// 5 mugs at $15.00 are $75.00, a quarter off $56.25.
TEST_F(TypedCodesTest, QuantitiesAreTypedWhereTheShopLetsThem) {
    open(
        "&allow_promotion_codes=true&line_items[0][adjustable_quantity][enabled]=true"
        "&line_items[0][adjustable_quantity][maximum]=5");
    EXPECT_THAT(show(), HasSubstr("name=\"quantity_0\""));
    for (const char* wrong : {"6", "0", "-1", "x", "1.5", ""}) {
        send(std::string("action=apply_code&quantity_0=") + wrong);
        EXPECT_THAT(show(), HasSubstr("must be a whole number from 1 to 5."));
    }
    send("action=apply_code&quantity_0=4");
    EXPECT_EQ(total(), 6000);
    // Nobody pays what they have not seen.
    send(std::string(kTypedCard) + "&quantity_0=5");
    EXPECT_EQ(text_of(now_is(), "status"), "open");
    EXPECT_THAT(show(), AllOf(HasSubstr("it comes to $75.00 today"), HasSubstr("Pay $75.00")));
    send(std::string(kTypedCard) + "&quantity_0=5&promotion_code=SPRING");
    EXPECT_EQ(text_of(now_is(), "status"), "complete");
    const Json intent = sandbox_.get("/v1/payment_intents/" + text_of(now_is(), "payment_intent"));
    EXPECT_EQ(integer_of(intent, "amount_received"), 5625);
}

TEST_F(TypedCodesTest, QuantitiesStayWhereTheShopHasFixedThem) {
    EXPECT_THAT(show(), Not(HasSubstr("quantity_0")));
    send(std::string(kTypedCard) + "&quantity_0=5");
    EXPECT_EQ(total(), 3000);
    EXPECT_EQ(text_of(now_is(), "status"), "complete");
}

}  // namespace
}  // namespace turnpike::twin
