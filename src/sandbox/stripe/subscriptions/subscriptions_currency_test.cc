#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

/// A subscription is billed in one currency: its prices, its added charges, its previews.
namespace turnpike::twin {
namespace {

const std::string kEuroForUsd =
    "The price specified only supports `eur`. This doesn't match the expected currency: `usd`.";
const std::string kUsdForEuro =
    "The price specified only supports `usd`. This doesn't match the expected currency: `eur`.";

/// A customer on a price in usd, and prices in eur of the same product.
class SubscriptionCurrencyTest : public ::testing::Test {
protected:
    SubscriptionCurrencyTest() {
        const std::string product = text_of(sandbox_.get("/v1/prices/" + usd_), "product");
        const std::string euros = "currency=eur&unit_amount=9900&product=" + product;
        once_ = text_of(sandbox_.post("/v1/prices", euros), "id");
        eur_ = text_of(sandbox_.post("/v1/prices", euros + "&recurring[interval]=month"), "id");
        const Json made = sandbox_.post("/v1/subscriptions",
                                        "customer=" + customer_ + "&items[0][price]=" + usd_);
        id_ = text_of(made, "id");
        item_ = text_of(made["items"]["data"][0], "id");
    }

    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer(), usd_ = sandbox_.price("Starter", 2900);
    std::string eur_, once_, id_, item_;
};

TEST_F(SubscriptionCurrencyTest, NoChangeBringsInAnotherCurrency) {
    const std::string subscription = "/v1/subscriptions/" + id_;
    const struct {
        std::string path, form, param;
    } cases[] = {
        {subscription, "items[0][id]=" + item_ + "&items[0][price]=" + eur_, "items[0][price]"},
        {subscription, "items[0][id]=" + item_ + "&items[0][plan]=" + eur_, "items[0][plan]"},
        {subscription, "items[0][price]=" + eur_, "items[0][price]"},
        {subscription, "items[0][id]=" + item_ + "&items[0][deleted]=true&items[1][price]=" + eur_,
         "items[1][price]"},
        {subscription, "add_invoice_items[0][price]=" + once_, "add_invoice_items[0][price]"},
        {"/v1/subscription_items/" + item_, "price=" + eur_, "price"},
        {"/v1/subscription_items", "subscription=" + id_ + "&price=" + eur_, "price"},
        {"/v1/invoices/create_preview",
         "subscription=" + id_ + "&subscription_details[items][0][id]=" + item_ +
             "&subscription_details[items][0][price]=" + eur_,
         "subscription_details[items][0][price]"},
    };
    const Json before = sandbox_.get(subscription);
    const auto objects = sandbox_.rows("objects");
    for (const auto& c : cases) {
        SCOPED_TRACE(c.path + " " + c.form);
        const StripeError error = sandbox_.refused(c.path, c.form);
        EXPECT_EQ(error.http_status, 400);
        EXPECT_EQ(error.message, kEuroForUsd);
        EXPECT_EQ(error.param, c.param);
    }
    EXPECT_EQ(sandbox_.get(subscription), before);
    EXPECT_EQ(sandbox_.rows("objects"), objects);
}

TEST_F(SubscriptionCurrencyTest, TheCurrencyAskedForIsThatOfEveryPrice) {
    const std::string subscribe = "customer=" + sandbox_.customer() + "&items[0][price]=";
    const StripeError other =
        sandbox_.refused("/v1/subscriptions", subscribe + usd_ + "&currency=eur");
    EXPECT_EQ(other.http_status, 400);
    EXPECT_EQ(other.message, kUsdForEuro);
    EXPECT_EQ(other.param, "items[0][price]");
    const StripeError unknown =
        sandbox_.refused("/v1/subscriptions", subscribe + usd_ + "&currency=zzz");
    EXPECT_EQ(unknown.param, "currency");
    EXPECT_TRUE(unknown.message.starts_with("Invalid currency: zzz."));
    const StripeError mixed =
        sandbox_.refused("/v1/subscriptions", subscribe + usd_ + "&items[1][price]=" + eur_);
    EXPECT_TRUE(mixed.message.starts_with("This `price` has `currency=eur`"));
    EXPECT_EQ(mixed.param, "items[1][price]");
    const StripeError named = sandbox_.refused(
        "/v1/subscriptions", subscribe + usd_ + "&items[1][price]=" + eur_ + "&currency=usd");
    EXPECT_EQ(named.message, kEuroForUsd);
    EXPECT_EQ(named.param, "items[1][price]");
    EXPECT_EQ(sandbox_
                  .refused("/v1/subscriptions",
                           subscribe + usd_ + "&add_invoice_items[0][price]=" + once_)
                  .message,
              kEuroForUsd);
    EXPECT_EQ(sandbox_.post("/v1/subscriptions", subscribe + eur_ + "&currency=EUR")["currency"],
              "eur");
}

TEST_F(SubscriptionCurrencyTest, APreviewIsInTheCurrencyAskedFor) {
    const std::string path = "/v1/invoices/create_preview";
    EXPECT_EQ(sandbox_.post(path, "subscription=" + id_ + "&currency=usd")["currency"], "usd");
    EXPECT_EQ(sandbox_.refused(path, "subscription=" + id_ + "&currency=eur").message, kUsdForEuro);
    const std::string fresh =
        "customer=" + sandbox_.customer() + "&subscription_details[items][0][price]=" + eur_;
    EXPECT_EQ(sandbox_.post(path, fresh)["currency"], "eur");
    EXPECT_EQ(sandbox_.refused(path, fresh + "&currency=usd").message, kEuroForUsd);
    EXPECT_EQ(sandbox_.refused(path, fresh + "&currency=zzz").param, "currency");
    EXPECT_EQ(
        sandbox_.refused(path, fresh + "&subscription_details[items][1][price]=" + usd_).message,
        kUsdForEuro);
    EXPECT_EQ(sandbox_.refused(path, fresh + "&subscription_details[items][1][quantity]=2").param,
              "subscription_details[items][1][price]");
}

TEST_F(SubscriptionCurrencyTest, AnInvoiceItemsCurrencyIsThatOfItsPrice) {
    const std::string form = "customer=" + sandbox_.customer() + "&price=" + once_;
    const StripeError error = sandbox_.refused("/v1/invoiceitems", form + "&currency=usd");
    EXPECT_EQ(error.message, kEuroForUsd);
    EXPECT_EQ(error.param, "price");
    EXPECT_EQ(sandbox_.post("/v1/invoiceitems", form)["currency"], "eur");
}

TEST_F(SubscriptionCurrencyTest, WithoutACurrencyTheOneThatTheCustomerIsBilledInIsMeant) {
    const std::string fresh = "customer=" + sandbox_.customer();
    EXPECT_EQ(sandbox_.post("/v1/invoices", fresh)["currency"], "usd");
    EXPECT_EQ(sandbox_.post("/v1/invoiceitems", fresh + "&amount=100")["currency"], "usd");

    const std::string waiting = "customer=" + sandbox_.customer();
    sandbox_.post("/v1/invoiceitems", waiting + "&amount=100&currency=eur");
    EXPECT_EQ(sandbox_.post("/v1/invoiceitems", waiting + "&amount=200")["currency"], "eur");
    EXPECT_EQ(sandbox_.post("/v1/invoiceitems",
                            waiting + "&unit_amount_decimal=0.5&quantity=4")["currency"],
              "eur");
    const Json invoice =
        sandbox_.post("/v1/invoices", waiting + "&pending_invoice_items_behavior=include");
    EXPECT_EQ(invoice["currency"], "eur");
    EXPECT_EQ(invoice["total"], 302);
    // Nothing binds the customer any more, but it was billed in this currency last.
    sandbox_.post("/v1/invoices/" + text_of(invoice, "id") + "/finalize");
    EXPECT_EQ(sandbox_.post("/v1/invoices", waiting)["currency"], "eur");
    EXPECT_EQ(sandbox_.post("/v1/invoices", waiting + "&currency=usd")["currency"], "usd");

    const std::string subscribed = "customer=" + sandbox_.customer();
    sandbox_.post("/v1/subscriptions", subscribed + "&items[0][price]=" + eur_);
    EXPECT_EQ(sandbox_.post("/v1/invoices", subscribed)["currency"], "eur");
}

}  // namespace
}  // namespace turnpike::twin
