#include "sandbox/stripe/checkout/typed_amounts.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/form.h"
#include "sandbox/stripe/checkout/checkout.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/testing/billing_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::HasSubstr;

constexpr const char* kCard = "&number=4242424242424242&exp=12/34&cvc=123&name=Ada";

/// A gift of 1.00 to 50.00 dollars, 5.00 suggested.
class TypedAmountTest : public ::testing::Test {
protected:
    std::string gift(const std::string& limits) {
        return text_of(
            sandbox_.post(
                "/v1/prices",
                "currency=usd&product_data[name]=Gift&custom_unit_amount[enabled]=true" + limits),
            "id");
    }
    static std::string form(const std::string& price, const std::string& more = "") {
        return "mode=payment&success_url=https://shop.example/done&customer_email=a@b.co"
               "&line_items[0][quantity]=1&line_items[0][price]=" +
               price + more;
    }
    Json open(const std::string& price) {
        return sandbox_.post("/v1/checkout/sessions", form(price));
    }
    Json again(const Json& session) {
        return sandbox_.get("/v1/checkout/sessions/" + text_of(session, "id"),
                            "expand[]=line_items");
    }
    PageAnswer visit(const Json& session, const std::string& method,
                     const std::string& typed = "") {
        return sandbox_.in_transaction([&](Context& ctx) {
            for (const PageRoute& route : checkout_page_feature().pages) {
                if (route.method != method) continue;
                const Json fields = *decode_form(typed);
                PageRequest page{.ctx = ctx,
                                 .object = *ctx.find("checkout.session", text_of(session, "id")),
                                 .form = Params(fields),
                                 .path = "/here"};
                return route.handler(page);
            }
            return PageAnswer{};
        });
    }

    BillingSandbox sandbox_;
    std::string gift_ = gift(
        "&custom_unit_amount[minimum]=100&custom_unit_amount[maximum]=5000"
        "&custom_unit_amount[preset]=500");
};

TEST_F(TypedAmountTest, IsAskedForOnThePage) {
    const Json session = open(gift_);
    EXPECT_EQ(session["amount_total"], 500);
    EXPECT_EQ(session["payment_status"], "unpaid");
    const std::string html = visit(session, "GET").html;
    EXPECT_THAT(html, HasSubstr("<label for=\"amount\">Amount</label>"));
    EXPECT_THAT(html, HasSubstr("aria-describedby=\"amount-help\" value=\"5.00\""));
    EXPECT_THAT(html, HasSubstr("You choose what you pay, from $1.00 to $50.00."));
    EXPECT_THAT(html, HasSubstr("as you choose"));
    const std::string open_ended = visit(open(gift("")), "GET").html;
    EXPECT_THAT(open_ended, HasSubstr("aria-describedby=\"amount-help\" value=\"\""));
    // A card is needed although nothing is known to be due.
    EXPECT_THAT(open_ended, HasSubstr("<label for=\"number\">"));
}

TEST_F(TypedAmountTest, IsWhatIsPaid) {
    const Json session = open(gift_);
    EXPECT_EQ(visit(session, "POST", std::string("action=card&amount=12.50") + kCard).location,
              "https://shop.example/done");
    const Json done = again(session);
    EXPECT_EQ(done["amount_subtotal"], 1250);
    EXPECT_EQ(done["amount_total"], 1250);
    EXPECT_EQ(done["payment_status"], "paid");
    EXPECT_EQ(done["line_items"]["data"][0]["amount_total"], 1250);
    EXPECT_EQ(sandbox_.get("/v1/payment_intents/" + text_of(done, "payment_intent"))["amount"],
              1250);
}

TEST_F(TypedAmountTest, IsHeldToTheLimits) {
    for (const char* typed :
         {"0.99", "50.01", "", "lots", "-5", "1.234", "1e3", "99999999999999"}) {
        SCOPED_TRACE(typed);
        const Json session = open(gift_);
        EXPECT_EQ(
            visit(session, "POST", std::string("action=card&amount=") + typed + kCard).location,
            "/here");
        EXPECT_THAT(visit(session, "GET").html, HasSubstr("from $1.00 to $50.00."));
        EXPECT_EQ(again(session)["status"], "open");
    }
    EXPECT_EQ(sandbox_.get("/v1/charges")["data"].size(), 0U);
    // Without limits of its own, what can be charged: 0.50 to 999,999.99 dollars.
    const Json free = open(gift(""));
    EXPECT_EQ(visit(free, "POST", std::string("action=card&amount=0.49") + kCard).location,
              "/here");
    EXPECT_EQ(visit(free, "POST", std::string("action=card&amount=0,50") + kCard).location,
              "https://shop.example/done");
}

TEST_F(TypedAmountTest, ADeclineLeavesTheChoiceOpen) {
    const Json session = open(gift_);
    visit(session, "POST",
          "action=card&amount=20&number=4000000000000002&exp=12/34&cvc=123&name=A");
    EXPECT_THAT(visit(session, "GET").html, HasSubstr("declined"));
    visit(session, "POST", std::string("action=card&amount=3") + kCard);
    const Json done = again(session);
    EXPECT_EQ(done["amount_total"], 300);
    EXPECT_EQ(sandbox_.get("/v1/payment_intents/" + text_of(done, "payment_intent"))["amount"],
              300);
}

TEST_F(TypedAmountTest, IsExpectedWhereThereIsNoPage) {
    const auto path = [](const Json& session) {
        return "/v1/payment_pages/" + text_of(session, "id") + "/confirm";
    };
    const Json chosen = open(gift_);
    EXPECT_EQ(
        sandbox_.refused(path(chosen), "payment_method=pm_card_visa&expected_amount=99").param,
        "expected_amount");
    EXPECT_EQ(sandbox_.post(path(chosen),
                            "payment_method=pm_card_visa&expected_amount=700")["amount_total"],
              700);
    EXPECT_EQ(sandbox_.post(path(open(gift_)), "payment_method=pm_card_visa")["amount_total"], 500);
}

TEST_F(TypedAmountTest, IsOnTheInvoice) {
    const Json session =
        sandbox_.post("/v1/checkout/sessions", form(gift_, "&invoice_creation[enabled]=true"));
    visit(session, "POST", std::string("action=card&amount=8") + kCard);
    const Json invoice = sandbox_.get("/v1/invoices/" + text_of(again(session), "invoice"));
    EXPECT_EQ(invoice["amount_paid"], 800);
    EXPECT_EQ(invoice["lines"]["data"][0]["description"], "Gift");
}

// Stripe's words, as public code quotes them.
TEST_F(TypedAmountTest, GoesWithNothingElse) {
    const std::string coupon = text_of(sandbox_.post("/v1/coupons", "percent_off=20"), "id");
    const struct {
        std::string form;
        const char* message;
    } cases[] = {
        {form(gift_, "&line_items[1][quantity]=1&line_items[1][price]=" + gift_),
         "You can only specify 1 line item when specifying a price with `custom_unit_amount` "
         "configured."},
        {form(gift_, "&line_items[0][adjustable_quantity][enabled]=true"),
         "You cannot specify `adjustable_quantity` when also using a price with "
         "`custom_unit_amount`."},
        {form(gift_, "&allow_promotion_codes=true"),
         "You cannot enable promotion codes when using a price with `custom_unit_amount` "
         "configured."},
        {form(gift_, "&discounts[0][coupon]=" + coupon),
         "You cannot enable discounts when using a price with `custom_unit_amount` configured."},
        {"mode=payment&success_url=https://shop.example&line_items[0][quantity]=4"
         "&line_items[0][price]=" +
             gift_,
         "Quantity must be 1 when a price with `custom_unit_amount` is specified."},
    };
    for (const auto& c : cases)
        EXPECT_EQ(sandbox_.refused("/v1/checkout/sessions", c.form).message, c.message);
    const std::string customer = sandbox_.customer();
    const std::string plan = sandbox_.price("Pro", 900);
    EXPECT_THAT(sandbox_
                    .refused("/v1/checkout/sessions",
                             "mode=subscription&success_url=https://shop.example"
                             "&line_items[0][quantity]=1&line_items[0][price]=" +
                                 plan + "&line_items[1][quantity]=1&line_items[1][price]=" + gift_)
                    .message,
                HasSubstr("`payment` mode only"));
    EXPECT_THAT(
        sandbox_
            .refused("/v1/subscriptions", "customer=" + customer + "&items[0][price]=" + plan +
                                              "&add_invoice_items[0][price]=" + gift_)
            .message,
        HasSubstr("`payment` mode only"));
    EXPECT_THAT(
        sandbox_.refused("/v1/subscriptions", "customer=" + customer + "&items[0][price]=" + gift_)
            .message,
        HasSubstr("type=one_time"));
}

}  // namespace
}  // namespace turnpike::twin
