#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

/// What subscriptions and invoices do not take.
namespace turnpike::twin {
namespace {

using ::testing::StartsWith;

class BadUpdateTest : public ::testing::Test {
protected:
    BadUpdateTest() {
        const Json made = sandbox_.post(
            "/v1/subscriptions",
            "customer=" + customer_ + "&items[0][price]=" + sandbox_.price("One", 3100));
        path_ = "/v1/subscriptions/" + text_of(made, "id");
        const std::string other = sandbox_.customer("pm_card_visa");
        others_card_ = text_of(sandbox_.get("/v1/customers/" + other)["invoice_settings"],
                               "default_payment_method");
    }
    std::string refused_param(const std::string& path, const std::string& form) {
        return sandbox_.refused(path, form).param;
    }
    std::string seconds_ahead(std::int64_t seconds) {
        return std::to_string(unix_seconds(sandbox_.now()) + seconds);
    }
    std::string invoice(const std::string& more = "") {
        return "/v1/invoices/" +
               text_of(sandbox_.post("/v1/invoices", "customer=" + customer_ + more), "id");
    }

    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer(), path_, others_card_;
};

// SDK reference: price_data of a subscription's item names a product.
TEST_F(BadUpdateTest, MakesNoProductOfAnItem) {
    const std::string data =
        "items[0][price_data][currency]=usd&items[0][price_data][unit_amount]=100"
        "&items[0][price_data][recurring][interval]=month";
    EXPECT_EQ(refused_param(path_, data), "items[0][price_data][product]");
    EXPECT_EQ(refused_param(path_, data + "&items[0][price_data][product]=prod_no"),
              "items[0][price_data][product]");
    EXPECT_EQ(sandbox_.refused(path_, data + "&items[0][price_data][product_data][name]=P").code,
              "parameter_missing");
}

// SDK reference: Emptyable; "" takes the rates away.
TEST_F(BadUpdateTest, TakesTaxRatesAwayButGivesNone) {
    const std::string price = sandbox_.price("Ten", 1000);
    const std::string subscribe = "customer=" + customer_ + "&items[0][price]=" + price;
    const std::string draft = "customer=" + customer_;
    const std::string path = invoice();
    const std::string none = "&default_tax_rates=", some = "&default_tax_rates[0]=txr_1";
    for (const auto& [where, form] : {std::pair{std::string("/v1/subscriptions"), subscribe},
                                      {path_, std::string("metadata[a]=b")},
                                      {std::string("/v1/invoices"), draft},
                                      {path, std::string("metadata[a]=b")}}) {
        SCOPED_TRACE(where);
        EXPECT_EQ(sandbox_.post(where, form + none)["default_tax_rates"], Json::array());
        EXPECT_EQ(sandbox_.refused(where, form + some).param, "default_tax_rates");
    }
}

TEST_F(BadUpdateTest, SomebodyElsesCardPaysNothing) {
    sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&currency=usd&amount=5000");
    const std::string path = invoice("&pending_invoice_items_behavior=include");
    const std::string theirs = "The customer does not have a payment method with the ID " +
                               others_card_ +
                               ". The payment method must be attached to the customer.";
    EXPECT_EQ(sandbox_.refused(path + "/pay", "payment_method=" + others_card_).message, theirs);
    EXPECT_EQ(sandbox_.refused(path, "default_payment_method=" + others_card_).message, theirs);
    EXPECT_EQ(sandbox_.refused(path_, "default_payment_method=" + others_card_).message, theirs);
    EXPECT_THAT(sandbox_.refused(path + "/pay", "payment_method=pm_nobody").message,
                StartsWith("No such PaymentMethod: 'pm_nobody'"));
    // A public program quotes this of a test card's name, which belongs to nobody.
    EXPECT_EQ(sandbox_.refused(path_, "default_payment_method=pm_card_visa").message,
              "The customer does not have a payment method with the ID pm_card_visa. The payment "
              "method must be attached to the customer.");
    EXPECT_THAT(sandbox_.refused(path_, "default_payment_method=pm_card_foo").message,
                StartsWith("No such PaymentMethod: 'pm_card_foo'"));
    EXPECT_EQ(
        sandbox_.refused(path_, "default_payment_method=pm_card_createIssuerFraudRecord").message,
        "This sandbox does not support the test card pm_card_createIssuerFraudRecord: see "
        "docs/sandbox.md.");
    EXPECT_THAT(sandbox_
                    .refused("/v1/customers/" + customer_,
                             "invoice_settings[default_payment_method]=pm_card_foo")
                    .message,
                StartsWith("No such PaymentMethod: 'pm_card_foo'"));
    EXPECT_EQ(sandbox_.get(path)["status"], "draft");
    EXPECT_EQ(refused_param(path_, "default_source=card_nobody"), "default_source");
}

// Of plain invoices: public programs that only make invoices quote the words.
TEST_F(BadUpdateTest, ThatSendsInvoicesToNoAddress) {
    const std::string none = text_of(sandbox_.post("/v1/customers", "name=Ada"), "id");
    const std::string sent = "&collection_method=send_invoice&days_until_due=5";
    const std::string price = sandbox_.price("Ten", 1000);
    const std::string charged =
        "/v1/invoices/" + text_of(sandbox_.post("/v1/invoices", "customer=" + none), "id");
    for (const std::string& form :
         {"/v1/subscriptions customer=" + none + "&items[0][price]=" + price + sent,
          "/v1/subscription_schedules customer=" + none +
              "&start_date=now&phases[0][items][0][price]=" + price +
              "&phases[0][duration][interval]=month&phases[0]"
              "[collection_method]=send_invoice&phases[0]"
              "[invoice_settings][days_until_due]=5",
          "/v1/invoices customer=" + none + sent, charged + " " + sent.substr(1)}) {
        const auto space = form.find(' ');
        EXPECT_EQ(sandbox_.refused(form.substr(0, space), form.substr(space + 1)).message,
                  "Missing email. In order to create invoices that are sent to the customer, the "
                  "customer must have a valid email.");
    }
    sandbox_.post("/v1/customers/" + none, "email=ada@example.com");
    sandbox_.post("/v1/subscriptions", "customer=" + none + "&items[0][price]=" + price + sent);
    sandbox_.post("/v1/invoices", "customer=" + none + sent);
    EXPECT_EQ(sandbox_.post(charged, sent.substr(1))["collection_method"], "send_invoice");
}

// SDK reference: only valid for invoices where collection_method=send_invoice.
TEST_F(BadUpdateTest, OnlyWhatIsSentHasADueDate) {
    const std::string draft = "customer=" + customer_;
    const std::string sent = draft + "&collection_method=send_invoice";
    const std::string tomorrow = "&due_date=" + seconds_ahead(86'400);
    const auto refused = [&](const std::string& form) {
        return sandbox_.refused("/v1/invoices", form).message;
    };
    EXPECT_THAT(refused(draft + "&days_until_due=5"),
                StartsWith("You can only specify 'due_date'"));
    EXPECT_THAT(refused(draft + tomorrow), StartsWith("You can only specify 'due_date'"));
    EXPECT_THAT(refused(sent), StartsWith("If invoice collection method is 'send_invoice'"));
    EXPECT_EQ(refused_param("/v1/invoices", sent + "&due_date=1000"), "due_date");
    EXPECT_EQ(refused_param("/v1/invoices", sent + "&days_until_due=5" + tomorrow), "due_date");

    const std::string path = invoice("&collection_method=send_invoice" + tomorrow);
    EXPECT_EQ(sandbox_.post(path, "days_until_due=3")["due_date"],
              unix_seconds(sandbox_.now()) + 3 * 86'400);
    EXPECT_EQ(sandbox_.post(path, "collection_method=charge_automatically")["due_date"], nullptr);
}

TEST_F(BadUpdateTest, APauseSaysHowAndEndsLater) {
    EXPECT_EQ(refused_param(path_, "pause_collection[resumes_at]=" + seconds_ahead(60)),
              "pause_collection[behavior]");
    EXPECT_EQ(
        refused_param(path_, "pause_collection[behavior]=void&pause_collection[resumes_at]=1000"),
        "pause_collection[resumes_at]");
}

TEST_F(BadUpdateTest, FeedbackIsOneOfStripes) {
    EXPECT_THAT(sandbox_.refused(path_, "cancellation_details[feedback]=bored").message,
                StartsWith("Invalid cancellation_details[feedback]"));
    EXPECT_EQ(
        sandbox_.post(path_,
                      "cancellation_details[feedback]=unused")["cancellation_details"]["feedback"],
        "unused");
}

TEST_F(BadUpdateTest, TwentyItemsAreTheMost) {
    std::string form;
    for (int i = 0; i < 19; ++i)
        form += "&items[" + std::to_string(i) + "][price]=" + sandbox_.price("More", 100 + i);
    EXPECT_EQ(sandbox_.post(path_, form.substr(1))["items"]["data"].size(), 20U);
    EXPECT_EQ(sandbox_
                  .refused("/v1/subscription_items", "subscription=" + path_.substr(18) +
                                                         "&price=" + sandbox_.price("Last", 50))
                  .message,
              "A subscription can have at most 20 items.");
}

// docs.stripe.com/currencies: ISK and UGX without fractions, the last digit of KWD is 0. A week of
// March's 31 days is over: 24/31 of 10000 are 7741.9, and of 20000 15483.9.
TEST(ProrationCurrency, IsChargedAsTheCurrencyCanBe) {
    struct Case {
        const char* currency;
        std::int64_t unused, rest;
    };
    const Case cases[] = {{"usd", -7742, 15484},
                          {"jpy", -7742, 15484},
                          {"isk", -7700, 15500},
                          {"ugx", -7700, 15500},
                          {"kwd", -7740, 15480}};
    for (const Case& c : cases) {
        SCOPED_TRACE(c.currency);
        BillingSandbox sandbox(*parse_rfc3339("2026-03-01T00:00:00Z"));
        const Json price = sandbox.post("/v1/prices", std::string("currency=") + c.currency +
                                                          "&unit_amount=10000&product_data[name]=P"
                                                          "&recurring[interval]=month");
        const Json made =
            sandbox.post("/v1/subscriptions", "customer=" + sandbox.customer() +
                                                  "&items[0][price]=" + text_of(price, "id"));
        sandbox.set_now(*parse_rfc3339("2026-03-08T00:00:00Z"));
        const Json updated =
            sandbox.post("/v1/subscriptions/" + text_of(made, "id"),
                         "proration_behavior=always_invoice&items[0][quantity]=2&items[0][id]=" +
                             text_of(made["items"]["data"][0], "id") + "&expand[]=latest_invoice");
        EXPECT_THAT(amounts_of(updated["latest_invoice"]["lines"]["data"]),
                    ::testing::ElementsAre(c.unused, c.rest));
    }
}

}  // namespace
}  // namespace turnpike::twin
