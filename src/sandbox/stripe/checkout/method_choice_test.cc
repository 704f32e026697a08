#include <string>

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

constexpr const char* kByCard =
    "&method=card&number=4242424242424242&exp=12%2F34&cvc=123&email=a%40b.co&name=Ada";
constexpr const char* kByAccount =
    "&method=debit&iban=AT611904300234573201&email=a%40b.co&name=Ada&number=&exp=&cvc=";

/// The page of a session that takes cards and bank accounts: €30.00 to pay.
class MethodChoiceTest : public ::testing::Test {
protected:
    void open(const std::string& form = "") {
        session_ = sandbox_.post(
            "/v1/checkout/sessions",
            (form.empty() ? "mode=payment&line_items[0][quantity]=2&line_items[0][price]=" + mug_
                          : form) +
                "&payment_method_types[]=card&payment_method_types[]=sepa_debit"
                "&success_url=https%3A%2F%2Fshop.example%2Fdone");
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
    std::string send(const std::string& fields) { return visit("POST", fields).location; }
    Json now_is() { return sandbox_.get("/v1/checkout/sessions/" + text_of(session_, "id")); }
    std::string used_type() {
        const std::string intent = text_of(now_is(), "payment_intent");
        const Json paid = sandbox_.get("/v1/payment_intents/" + intent, "expand[]=payment_method");
        return text_of(paid.at("payment_method"), "type");
    }

    BillingSandbox sandbox_;
    std::string mug_ = text_of(
        sandbox_.post("/v1/prices", "currency=eur&unit_amount=1500&product_data[name]=Mug"), "id");
    Json session_;
};

TEST_F(MethodChoiceTest, OffersBothInOneForm) {
    open();
    EXPECT_THAT(
        show(),
        AllOf(HasSubstr("<fieldset"), HasSubstr("<legend>How do you want to pay?</legend>"),
              HasSubstr("<input id=\"by-card\" type=\"radio\" name=\"method\" value=\"card\" "
                        "checked>"),
              HasSubstr("<input id=\"by-debit\" type=\"radio\" name=\"method\" value=\"debit\">"),
              HasSubstr("<label for=\"number\">"), HasSubstr("<label for=\"iban\">"),
              HasSubstr("<label for=\"name\">Your name</label>"), Not(HasSubstr("<script"))));
}

TEST_F(MethodChoiceTest, PaysByWhatIsChosen) {
    for (const auto& [form, type] :
         {std::pair(kByCard, "card"), std::pair(kByAccount, "sepa_debit")}) {
        SCOPED_TRACE(type);
        open();
        EXPECT_EQ(send(std::string("action=pay") + form), "https://shop.example/done");
        EXPECT_EQ(text_of(now_is(), "status"), "complete");
        EXPECT_EQ(used_type(), type);
    }
}

TEST_F(MethodChoiceTest, StaysChosenWhenSomethingIsWrong) {
    open();
    EXPECT_EQ(send("action=pay&method=debit&iban=AT00&email=a%40b.co&name=Ada"), "/here");
    EXPECT_THAT(show(), AllOf(HasSubstr("The IBAN you provided is invalid."),
                              HasSubstr("value=\"debit\" checked>"), HasSubstr("value=\"Ada\""),
                              HasSubstr("\"iban-help\" aria-invalid=\"true\"")));
    EXPECT_EQ(send("action=pay&method=card&email=a%40b.co&name=Ada&iban=AT611904300234573201"),
              "/here");
    EXPECT_THAT(show(), AllOf(HasSubstr("expiration date is incomplete"),
                              HasSubstr("value=\"card\" checked>")));
    EXPECT_EQ(sandbox_.get("/v1/charges").at("data").size(), 0U);
}

TEST_F(MethodChoiceTest, IsMadeByMethodWhateverTheButtonSays) {
    for (const char* button : {"", "action=card", "action=debit"}) {
        open();
        EXPECT_EQ(send(std::string(button) + kByAccount), "https://shop.example/done");
        EXPECT_EQ(used_type(), "sepa_debit");
    }
}

TEST_F(MethodChoiceTest, IsNoneWhereOneMethodIsTaken) {
    session_ = sandbox_.post("/v1/checkout/sessions",
                             "mode=payment&line_items[0][quantity]=1&line_items[0][price]=" + mug_ +
                                 "&payment_method_types[]=sepa_debit"
                                 "&success_url=https%3A%2F%2Fshop.example%2Fdone");
    EXPECT_EQ(send("iban=AT611904300234573201&email=a%40b.co&name=Ada"),
              "https://shop.example/done");
}

TEST_F(MethodChoiceTest, TakesNothingElse) {
    open();
    EXPECT_EQ(send("action=pay&method=cash&email=a%40b.co&name=Ada"), "/here");
    EXPECT_THAT(show(), HasSubstr("Choose how you want to pay."));
    EXPECT_EQ(text_of(now_is(), "status"), "open");
}

TEST_F(MethodChoiceTest, SavesWhatIsChosen) {
    open("mode=setup&customer=" + sandbox_.customer(""));
    EXPECT_THAT(show(), AllOf(HasSubstr("Save your payment method"),
                              HasSubstr("<legend>What do you want to save?</legend>"),
                              HasSubstr(">Save payment method</button>")));
    EXPECT_EQ(send(std::string("action=pay") + kByAccount), "https://shop.example/done");
    EXPECT_EQ(text_of(now_is(), "status"), "complete");
}

}  // namespace
}  // namespace turnpike::twin
