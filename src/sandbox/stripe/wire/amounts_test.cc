#include "sandbox/stripe/wire/amounts.h"

#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

Json price_of(std::int64_t cents) {
    Json price;
    price["unit_amount"] = cents;
    return price;
}
Json decimal_price(const char* cents) {
    Json price;
    price["unit_amount_decimal"] = cents;
    return price;
}

TEST(TotalOf, IsExactAndRoundedOnce) {
    EXPECT_EQ(total_of(price_of(1000), 3), 3000);
    EXPECT_EQ(total_of(decimal_price("0.5"), 3), 2);
    EXPECT_EQ(total_of(decimal_price("-12.5"), 1), -13);
    // Eight digits before the point and twelve places are more than 64 bits hold.
    EXPECT_EQ(total_of(decimal_price("10000000.5"), 2), 20'000'001);
    EXPECT_EQ(total_of(decimal_price("0.000000000001"), 1'000'000'000'000'000'000), 1'000'000);
}

TEST(TotalOf, NeverWrapsAround) {
    constexpr std::int64_t kMany = 1'000'000'000'000'000'000;
    EXPECT_EQ(total_of(price_of(1000), kMany), 1'000'000'000'000'000);
    EXPECT_EQ(total_of(decimal_price("99999999"), kMany), 1'000'000'000'000'000);
    EXPECT_EQ(total_of(decimal_price("-99999999"), kMany), -1'000'000'000'000'000);
    EXPECT_EQ(total_of(price_of(0), kMany), 0);
}

TEST(IsUnitAmount, TakesEightDigitsAndTwelvePlaces) {
    for (const char* good : {"0", "12", "12.50", "-3.1", "99999999", "0.123456789012"})
        EXPECT_TRUE(is_unit_amount(good)) << good;
    for (const char* bad : {"", ".", "1.", ".5", "--1", "1e3", "99999999.1", "100000000",
                            "0.1234567890123", "9999999999999999999999"})
        EXPECT_FALSE(is_unit_amount(bad)) << bad;
}

class AmountsTest : public ::testing::Test {
protected:
    void expect_too_large(const std::string& path, const std::string& form,
                          const std::string& param) {
        SCOPED_TRACE(path + " " + form);
        const auto objects = sandbox_.rows("objects");
        const StripeError error = sandbox_.refused(path, form);
        EXPECT_EQ(error.http_status, 400);
        EXPECT_EQ(error.type, "invalid_request_error");
        EXPECT_EQ(error.code, "amount_too_large");
        EXPECT_EQ(error.message, "Amount must be no more than $999,999.99");
        EXPECT_EQ(error.param, param);
        EXPECT_EQ(sandbox_.rows("objects"), objects);
    }

    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer();
    std::string ten_ = sandbox_.price("Ten", 1000);
};

TEST_F(AmountsTest, ASubscriptionCostsNoMoreThanAnInvoiceHolds) {
    const std::string customer = "customer=" + customer_;
    const std::string item = customer + "&items[0][price]=" + ten_;
    expect_too_large("/v1/subscriptions", item + "&items[0][quantity]=1000000000000000000",
                     "items[0][quantity]");
    expect_too_large("/v1/subscriptions", item + "&items[0][quantity]=100000",
                     "items[0][quantity]");
    // Each fits, both do not.
    const std::string other = sandbox_.price("Other", 1000);
    expect_too_large(
        "/v1/subscriptions",
        item + "&items[0][quantity]=60000&items[1][price]=" + other + "&items[1][quantity]=60000",
        "items");
    const Json most = sandbox_.post("/v1/subscriptions",
                                    item + "&items[0][quantity]=99999&expand[]=latest_invoice");
    EXPECT_EQ(most["latest_invoice"]["total"], 99'999'000);
    EXPECT_EQ(most["latest_invoice"]["amount_paid"], 99'999'000);

    const std::string path = "/v1/subscriptions/" + text_of(most, "id");
    const std::string change = "items[0][id]=" + text_of(most["items"]["data"][0], "id");
    // The quantity stays, the price does not.
    expect_too_large(path, change + "&items[0][price]=" + sandbox_.price("Twelve", 1200), "items");
    expect_too_large(path, change + "&items[0][quantity]=9000000000000000000", "items");
    expect_too_large(
        "/v1/invoices/create_preview",
        "subscription=" + text_of(most, "id") +
            "&subscription_details[items][0][id]=" + text_of(most["items"]["data"][0], "id") +
            "&subscription_details[items][0][quantity]=100000",
        "items");
}

TEST_F(AmountsTest, SingleChargesAreBounded) {
    const std::string once = text_of(
        sandbox_.post("/v1/prices", "currency=usd&unit_amount=1200&product_data[name]=Once"), "id");
    const std::string customer = "customer=" + customer_;
    expect_too_large("/v1/invoiceitems", customer + "&amount=100000000&currency=usd", "amount");
    expect_too_large("/v1/invoiceitems", customer + "&amount=9000000000000000000", "amount");
    expect_too_large("/v1/invoiceitems",
                     customer + "&unit_amount_decimal=12&quantity=9000000000000000000", "quantity");
    expect_too_large("/v1/invoiceitems",
                     customer + "&pricing[price]=" + once + "&quantity=9000000000000000000",
                     "quantity");
    expect_too_large("/v1/subscriptions",
                     customer + "&items[0][price]=" + ten_ + "&add_invoice_items[0][price]=" +
                         once + "&add_invoice_items[0][quantity]=9000000000000000000",
                     "add_invoice_items[0][quantity]");
    expect_too_large("/v1/payment_intents", "amount=100000000&currency=usd", "amount");
    expect_too_large("/v1/customers/" + customer_, "balance=-100000000", "balance");

    const Json item =
        sandbox_.post("/v1/invoiceitems", customer + "&unit_amount_decimal=12&quantity=2");
    expect_too_large("/v1/invoiceitems/" + text_of(item, "id"), "quantity=9000000000000000000",
                     "quantity");
    expect_too_large("/v1/invoiceitems/" + text_of(item, "id"), "amount=100000000", "amount");
    const Json intent = sandbox_.post("/v1/payment_intents", "amount=99999999&currency=usd");
    expect_too_large("/v1/payment_intents/" + text_of(intent, "id"), "amount=100000000", "amount");
}

TEST_F(AmountsTest, AnAmountPerUnitIsKeptBesideTheQuantity) {
    const std::string form = "customer=" + customer_ + "&unit_amount_decimal=12&quantity=2";
    const Json two = sandbox_.post("/v1/invoiceitems", form);
    EXPECT_EQ(two["amount"], 24);
    EXPECT_EQ(two["pricing"]["unit_amount_decimal"], "12");
    const Json price =
        sandbox_.get("/v1/prices/" + text_of(two["pricing"]["price_details"], "price"));
    EXPECT_EQ(price["unit_amount"], 12);
    const Json three = sandbox_.post("/v1/invoiceitems/" + text_of(two, "id"), "quantity=3");
    EXPECT_EQ(three["amount"], 36);
    EXPECT_EQ(three["pricing"], two["pricing"]);
    const Json half = sandbox_.post(
        "/v1/invoiceitems", "customer=" + customer_ + "&unit_amount_decimal=0.5&quantity=3");
    EXPECT_EQ(half["amount"], 2);
    EXPECT_EQ(half["pricing"]["unit_amount_decimal"], "0.5");
}

TEST_F(AmountsTest, PricesInTheRequestAreBoundedLikeOthers) {
    const Json product = sandbox_.post("/v1/products", "name=P");
    const std::string data = "customer=" + customer_ +
                             "&items[0][price_data][product]=" + text_of(product, "id") +
                             "&items[0][price_data][recurring][interval]=month"
                             "&items[0][price_data][currency]=";
    expect_too_large("/v1/subscriptions",
                     data + "usd&items[0][price_data][unit_amount]=9000000000000000000",
                     "items[0][price_data][unit_amount]");
    const std::string decimal = "&items[0][price_data][unit_amount_decimal]=";
    expect_too_large("/v1/subscriptions", data + "usd" + decimal + "99999999.5",
                     "items[0][price_data][unit_amount_decimal]");
    EXPECT_EQ(sandbox_.refused("/v1/subscriptions", data + "usd" + decimal + "-1").param,
              "items[0][price_data][unit_amount_decimal]");
    EXPECT_EQ(sandbox_.refused("/v1/subscriptions", data + "zzz" + decimal + "1").param,
              "items[0][price_data][currency]");
}

TEST_F(AmountsTest, AnInvoiceThatSumsUpTooHighIsNotFinalized) {
    const Json draft = sandbox_.post("/v1/invoices", "customer=" + customer_ + "&currency=usd");
    const std::string item =
        "customer=" + customer_ + "&currency=usd&amount=60000000&invoice=" + text_of(draft, "id");
    sandbox_.post("/v1/invoiceitems", item);
    sandbox_.post("/v1/invoiceitems", item);
    expect_too_large("/v1/invoices/" + text_of(draft, "id") + "/finalize", "", "");
    EXPECT_EQ(sandbox_.get("/v1/invoices/" + text_of(draft, "id"))["status"], "draft");
}

TEST_F(AmountsTest, ARenewalThatSumsUpTooHighFailsToFinalize) {
    const Json subscription =
        sandbox_.post("/v1/subscriptions", "customer=" + customer_ + "&items[0][price]=" + ten_);
    for (int i = 0; i < 2; ++i)
        sandbox_.post("/v1/invoiceitems",
                      "customer=" + customer_ + "&currency=usd&amount=60000000");
    sandbox_.run_until(*parse_rfc3339("2026-04-01T14:00:00Z"));
    const Json renewed =
        sandbox_.get("/v1/subscriptions/" + text_of(subscription, "id"), "expand[]=latest_invoice");
    EXPECT_EQ(renewed["status"], "active");
    EXPECT_EQ(renewed["latest_invoice"]["status"], "draft");
    EXPECT_EQ(renewed["latest_invoice"]["last_finalization_error"]["code"], "amount_too_large");
}

TEST_F(AmountsTest, DatesFarAwayAreRefusedNotComputed) {
    const std::string item = "customer=" + customer_ + "&items[0][price]=" + ten_;
    for (const char* far : {"&trial_period_days=9000000000000000000", "&trial_period_days=731",
                            "&cancel_at=9000000000000000000",
                            "&collection_method=send_invoice&days_until_due=9000000000000000000"}) {
        SCOPED_TRACE(far);
        EXPECT_EQ(sandbox_.refused("/v1/subscriptions", item + far).http_status, 400);
    }
}

}  // namespace
}  // namespace turnpike::twin
