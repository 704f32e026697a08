#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/form.h"
#include "sandbox/html.h"
#include "sandbox/stripe/checkout/checkout.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/core/page_parts.h"
#include "sandbox/stripe/testing/billing_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kGoodCard =
    "action=card&email=ada%40example.com&number=4242+4242+4242+4242&exp=12+%2F+34&cvc=123&name=Ada";

class CheckoutPageTest : public ::testing::Test {
protected:
    void open(const std::string& form) {
        session_ = sandbox_.post(
            "/v1/checkout/sessions",
            form +
                "&success_url=https%3A%2F%2Fshop.example%3A8443%2Fdone%3Fs%3D%7BCHECKOUT_SESSION_"
                "ID%7D&cancel_url=https%3A%2F%2Fshop.example%2Fcart%3Fa%3D1%26b%3D2");
    }
    void open_for_mugs(const std::string& more = "") {
        const Json product = sandbox_.post("/v1/products", "name=%3Cb%3EMug%3C%2Fb%3E");
        const Json price = sandbox_.post(
            "/v1/prices", "currency=usd&unit_amount=1500&product=" + text_of(product, "id"));
        open("mode=payment&line_items[0][quantity]=2&line_items[0][price]=" + text_of(price, "id") +
             more);
    }
    PageAnswer visit(std::string_view method, const std::string& form) {
        const Json parameters = *decode_form(form);
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
        ADD_FAILURE() << "no such page";
        return {};
    }
    PageAnswer show() { return visit("GET", ""); }
    PageAnswer act(const std::string& form) {
        PageAnswer answer = visit("POST", form);
        EXPECT_EQ(answer.status, 303);
        return answer;
    }
    /// The page after a form that did not succeed.
    std::string refused(const std::string& form) {
        EXPECT_EQ(act(form).location, "/here");
        return show().html;
    }
    Json now_is() { return sandbox_.get("/v1/checkout/sessions/" + text_of(session_, "id")); }
    std::string shop() const {
        return "https://shop.example:8443/done?s=" + text_of(session_, "id");
    }

    BillingSandbox sandbox_;
    Json session_;
};

TEST_F(CheckoutPageTest, ShowsTheOrderAndACardForm) {
    open_for_mugs();
    const PageAnswer page = show();
    EXPECT_EQ(page.status, 200);
    EXPECT_THAT(page.html, HasSubstr("2 × &lt;b&gt;Mug&lt;/b&gt;"));
    EXPECT_THAT(page.html, Not(HasSubstr("<b>Mug")));
    EXPECT_THAT(page.html, HasSubstr("Pay $30.00"));
    for (const char* name : {"email", "number", "exp", "cvc", "name"}) {
        EXPECT_THAT(page.html, HasSubstr("<label for=\"" + std::string(name) + "\">"));
        EXPECT_THAT(page.html, HasSubstr("name=\"" + std::string(name) + "\""));
    }
    EXPECT_THAT(page.html, HasSubstr("href=\"https://shop.example/cart?a=1&amp;b=2\""));
    EXPECT_THAT(page.html, Not(HasSubstr("<script")));
    EXPECT_TRUE(page.leads_to_shop);
}

TEST_F(CheckoutPageTest, PaysAndReturnsToTheShop) {
    open_for_mugs();
    EXPECT_EQ(act(kGoodCard).location, shop());
    const Json done = now_is();
    EXPECT_EQ(text_of(done, "status"), "complete");
    EXPECT_EQ(text_of(done.at("customer_details"), "email"), "ada@example.com");
    EXPECT_EQ(text_of(done.at("customer_details"), "name"), "Ada");
    const PageAnswer later = show();
    EXPECT_EQ(later.status, 200);
    EXPECT_THAT(later.html, HasSubstr("has been completed already"));
    EXPECT_EQ(act(kGoodCard).location, "/here");
    EXPECT_EQ(sandbox_.get("/v1/charges").at("data").size(), 1U);
}

TEST_F(CheckoutPageTest, SaysBesideTheFormWhatIsWrong) {
    open_for_mugs();
    const std::string rest = "&email=ada%40example.com&name=Ada&action=card";
    const struct {
        std::string form, says;
    } cases[] = {
        {"number=4000000000000002&exp=12%2F34&cvc=123", "Your card was declined."},
        {"number=4000000000009995&exp=12%2F34&cvc=123", "Your card has insufficient funds."},
        {"number=4000000000000069&exp=1234&cvc=123", "Your card has expired."},
        {"number=4242424242424241&exp=12%2F34&cvc=123", "Your card number is incorrect."},
        {"number=4242424242424242&exp=13%2F34&cvc=123",
         "Your card&#39;s expiration month is invalid."},
        {"number=4242424242424242&exp=12%2F20&cvc=123",
         "Your card&#39;s expiration year is invalid."},
        {"number=4242424242424242&exp=12&cvc=123",
         "Your card&#39;s expiration date is incomplete."},
        {"number=4242424242424242&exp=12%2F34&cvc=12", "Your card&#39;s security code is invalid."},
        {"number=4242424242424242&exp=12%2F34", "Your card&#39;s security code is incomplete."},
        {"number=378282246310005&exp=12%2F34&cvc=123",
         "Your card&#39;s security code is incomplete."},
        {"number=4242424242424242&exp=12%2F34&cvc=1234",
         "Your card&#39;s security code is invalid."},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.form);
        const std::string page = refused(c.form + rest);
        EXPECT_THAT(page, HasSubstr("<p class=\"problem\" role=\"alert\">" + c.says + "</p>"));
        EXPECT_THAT(page, HasSubstr("value=\"ada@example.com\""));
        EXPECT_THAT(page, Not(HasSubstr("value=\"4")));
    }
    EXPECT_THAT(refused("action=card&number=4242424242424242&exp=12%2F34&cvc=123&name=A&email=me"),
                HasSubstr("Your email is invalid."));
    EXPECT_EQ(act(kGoodCard).location, shop());
}

TEST_F(CheckoutPageTest, MarksTheFieldThatIsWrong) {
    open_for_mugs();
    const struct {
        std::string form;
        const char* field;
    } cases[] = {
        {"number=4242424242424241&exp=12%2F34&cvc=123&name=A&email=a%40b.co", "number"},
        {"number=4242424242424242&exp=13%2F34&cvc=123&name=A&email=a%40b.co", "exp"},
        {"number=4242424242424242&exp=12%2F20&cvc=123&name=A&email=a%40b.co", "exp"},
        {"number=4242424242424242&exp=1&cvc=123&name=A&email=a%40b.co", "exp"},
        {"number=4242424242424242&exp=12%2F34&cvc=12&name=A&email=a%40b.co", "cvc"},
        {"number=4242424242424242&exp=12%2F34&cvc=123&name=A&email=a%40b", "email"},
        {"number=4242424242424242&exp=12%2F34&cvc=123&name=A&email=a%40b%40c.co", "email"},
        {"number=4242424242424242&exp=12%2F34&cvc=123&name=+&email=a%40b.co", "name"},
        {"number=4242424242424242&exp=12%2F34&cvc=123&email=a%40b.co&name=" + std::string(257, 'a'),
         "name"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.form);
        const std::string page = refused("action=card&" + c.form);
        const auto input = page.find("<input id=\"" + std::string(c.field) + "\"");
        const auto mark = page.find(" aria-invalid=");
        ASSERT_NE(mark, std::string::npos);
        EXPECT_TRUE(input < mark && mark < page.find('>', input));
        EXPECT_EQ(page.find(" aria-invalid=", mark + 1), std::string::npos);
    }
    EXPECT_THAT(show().html, Not(HasSubstr(" aria-invalid=")));
    EXPECT_EQ(act("action=card&email=+ada%40example.com+&number=378282246310005&exp=12%2F34"
                  "&cvc=1234&name=+Ada")
                  .location,
              shop());
    EXPECT_EQ(text_of(now_is().at("customer_details"), "email"), "ada@example.com");
    EXPECT_EQ(text_of(now_is().at("customer_details"), "name"), "Ada");
}

TEST_F(CheckoutPageTest, DoesNotAskForAKnownAddress) {
    open_for_mugs("&customer_email=ada%40example.com");
    EXPECT_THAT(show().html, Not(HasSubstr("name=\"email\"")));
    act("action=card&number=4242424242424242&exp=12%2F34&cvc=123&name=Ada");
    EXPECT_EQ(text_of(now_is().at("customer_details"), "email"), "ada@example.com");
}

TEST_F(CheckoutPageTest, SendsToTheBankAndComesBack) {
    for (const bool confirmed : {true, false}) {
        SCOPED_TRACE(confirmed);
        open_for_mugs();
        const std::string asks =
            act("action=card&email=a%40b.co&number=4000002760003184&exp=12%2F34&cvc=123&name=A")
                .location;
        const std::string intent = text_of(now_is(), "payment_intent");
        EXPECT_EQ(asks, "/p/authenticate/" + intent);
        sandbox_.in_transaction([&](Context& ctx) {
            for (const Feature& feature : features())
                for (const PageRoute& route : feature.pages) {
                    if (route.pattern != "/p/authenticate/{id}" || route.method != "POST") continue;
                    const Json form{{"action", confirmed ? "yes" : "no"}};
                    PageRequest page{.ctx = ctx,
                                     .object = *ctx.find("payment_intent", intent),
                                     .form = Params(form),
                                     .path = "/here"};
                    route.handler(page);
                    page.object = *ctx.find("payment_intent", intent);
                    EXPECT_THAT(way_back_after(ctx, page.object),
                                HasSubstr(confirmed ? "Return to the shop" : "Back to checkout"));
                }
            return true;
        });
        const PageAnswer back = show();
        EXPECT_EQ(back.status, confirmed ? 303 : 200);
        if (confirmed) {
            EXPECT_EQ(back.location, shop());
        } else {
            EXPECT_THAT(back.html, HasSubstr("Your bank did not confirm it."));
            EXPECT_THAT(back.html, HasSubstr("value=\"a@b.co\""));
            EXPECT_THAT(back.html, HasSubstr("value=\"A\""));
            EXPECT_EQ(act(kGoodCard).location, shop());
        }
    }
}

TEST_F(CheckoutPageTest, SendsToTheBankForASubscription) {
    open("mode=subscription&line_items[0][quantity]=1&line_items[0][price]=" +
         sandbox_.price("Pro", 1000));
    const std::string asks =
        act("action=card&email=a%40b.co&number=4000002760003184&exp=12%2F34&cvc=123&name=A")
            .location;
    EXPECT_THAT(asks, StartsWith("/p/authenticate/pi_"));
    EXPECT_EQ(text_of(now_is(), "status"), "open");
    EXPECT_EQ(text_of(now_is(), "payment_status"), "unpaid");
}

TEST_F(CheckoutPageTest, ExplainsATrial) {
    open(
        "mode=subscription&line_items[0][quantity]=1&subscription_data[trial_period_days]=14"
        "&line_items[0][price]=" +
        sandbox_.price("Pro", 9900));
    const std::string page = show().html;
    EXPECT_THAT(page, HasSubstr("14-day free trial"));
    EXPECT_THAT(page, HasSubstr("before 15 March 2026"));
    EXPECT_THAT(page, HasSubstr("Pro: $99.00 per month"));
    EXPECT_THAT(page, HasSubstr("Start trial"));
    EXPECT_EQ(act(kGoodCard).location, shop());
    EXPECT_NE(text_of(now_is(), "subscription"), "");
}

TEST_F(CheckoutPageTest, AsksForNoCardWhereNoneIsCollected) {
    open(
        "mode=subscription&line_items[0][quantity]=1&subscription_data[trial_period_days]=14"
        "&payment_method_collection=if_required&line_items[0][price]=" +
        sandbox_.price("Pro", 9900));
    EXPECT_THAT(show().html, Not(HasSubstr("name=\"number\"")));
    EXPECT_EQ(act("action=free&email=a%40b.co").location, shop());
    EXPECT_EQ(text_of(now_is(), "status"), "complete");
}

TEST_F(CheckoutPageTest, SavesACard) {
    open("mode=setup&currency=usd&customer=" + sandbox_.customer(""));
    EXPECT_THAT(show().html, HasSubstr("Save card"));
    EXPECT_THAT(show().html, HasSubstr("Nothing is charged"));
    EXPECT_EQ(act(kGoodCard).location, shop());
}

TEST_F(CheckoutPageTest, TakesABankAccount) {
    const Json product = sandbox_.post("/v1/products", "name=Mug");
    const Json price = sandbox_.post(
        "/v1/prices", "currency=eur&unit_amount=1500&product=" + text_of(product, "id"));
    open(
        "mode=payment&payment_method_types[]=sepa_debit&line_items[0][quantity]=2"
        "&line_items[0][price]=" +
        text_of(price, "id"));
    EXPECT_THAT(show().html, HasSubstr("<label for=\"iban\">"));
    const std::string who = "&email=a%40b.co&name=Ada&action=debit";
    EXPECT_THAT(refused("iban=AT00" + who), HasSubstr("The IBAN you provided is invalid."));
    EXPECT_EQ(act("iban=AT611904300234573201" + who).location, shop());
    EXPECT_EQ(text_of(now_is(), "payment_status"), "unpaid");
}

TEST_F(CheckoutPageTest, SavesABankAccount) {
    open("mode=setup&payment_method_types[]=sepa_debit&customer=" + sandbox_.customer(""));
    EXPECT_THAT(show().html, HasSubstr("Save bank account"));
    EXPECT_THAT(show().html, HasSubstr("Your bank account will be saved for later payments."));
    EXPECT_EQ(act("iban=AT611904300234573201&name=Ada&action=debit&email=a%40b.co").location,
              shop());
    EXPECT_EQ(text_of(now_is(), "status"), "complete");
}

TEST_F(CheckoutPageTest, SaysThatItHasExpired) {
    open_for_mugs();
    sandbox_.set_now(sandbox_.now() + std::chrono::hours(24));
    EXPECT_EQ(show().status, 404);  // before the engine has come by
    EXPECT_THAT(show().html, HasSubstr("This checkout has expired"));
    EXPECT_EQ(act(kGoodCard).location, "/here");
    EXPECT_EQ(sandbox_.get("/v1/charges").at("data").size(), 0U);
    sandbox_.run_until(sandbox_.now());
    EXPECT_THAT(show().html, HasSubstr("This checkout has expired"));
}

}  // namespace
}  // namespace turnpike::twin
