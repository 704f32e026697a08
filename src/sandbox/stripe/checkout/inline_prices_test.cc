#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

/// Prices that come with a request are inactive (recorded of an invoice item's in 2024), and go on
/// being charged.
namespace turnpike::twin {
namespace {

using ::testing::IsEmpty;

class InlinePrices : public ::testing::Test {
protected:
    /// price_data of this many cents below `where`, by the month unless it is for once.
    std::string data(const std::string& where, std::int64_t cents, bool monthly = true) {
        const std::string start = where + "[price_data]";
        return start + "[currency]=usd&" + start + "[product]=" + product_ + "&" + start +
               "[unit_amount]=" + std::to_string(cents) +
               (monthly ? "&" + start + "[recurring][interval]=month" : "");
    }
    Json subscribe(const std::string& more = "") {
        return sandbox_.post("/v1/subscriptions",
                             "customer=" + customer_ + "&" + data("items[0]", 1000) + more);
    }
    static const Json& first_item(const Json& subscription) {
        return subscription.at("items").at("data").at(0);
    }
    Json latest_invoice(const std::string& subscription) {
        return sandbox_.get("/v1/subscriptions/" + subscription,
                            "expand[]=latest_invoice")["latest_invoice"];
    }
    void expect_hidden(const Json& price) {
        EXPECT_EQ(price.at("active"), false);
        EXPECT_EQ(sandbox_.get("/v1/prices/" + text_of(price, "id")).at("active"), false);
        for (const char* const query : {"", "active=true", "active=false"})
            EXPECT_THAT(sandbox_.get("/v1/prices", query).at("data"), IsEmpty()) << query;
    }

    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer();
    std::string product_ = text_of(sandbox_.post("/v1/products", "name=Plan"), "id");
};

TEST_F(InlinePrices, ASubscriptionOfOneRenews) {
    const std::string clock = sandbox_.test_clock(sandbox_.now());
    customer_ = sandbox_.customer("pm_card_visa", "&test_clock=" + clock);
    const Json made = subscribe();
    expect_hidden(first_item(made).at("price"));
    EXPECT_EQ(first_item(made).at("plan").at("active"), false);
    sandbox_.advance(clock, sandbox_.now() + std::chrono::days(32));
    const Json renewal = latest_invoice(text_of(made, "id"));
    EXPECT_EQ(text_of(renewal, "billing_reason"), "subscription_cycle");
    EXPECT_EQ(text_of(renewal, "status"), "paid");
    EXPECT_EQ(integer_of(renewal, "total"), 1000);
}

TEST_F(InlinePrices, ASubscriptionMovesFromOneToAnotherWithProrations) {
    const Json made = subscribe();
    const std::string path = "/v1/subscriptions/" + text_of(made, "id");
    const std::string item = "items[0][id]=" + text_of(first_item(made), "id");
    sandbox_.post(path, item + "&items[0][quantity]=3&proration_behavior=always_invoice");
    // Two more of 10.00, at once.
    EXPECT_EQ(integer_of(latest_invoice(text_of(made, "id")), "total"), 2000);
    const Json moved = sandbox_.post(
        path, item + "&" + data("items[0]", 2500) + "&proration_behavior=always_invoice");
    EXPECT_EQ(integer_of(first_item(moved).at("price"), "unit_amount"), 2500);
    // 3 * (25.00 - 10.00)
    EXPECT_EQ(integer_of(latest_invoice(text_of(made, "id")), "total"), 4500);
    const Json preview =
        sandbox_.post("/v1/invoices/create_preview", "subscription=" + text_of(made, "id"));
    EXPECT_EQ(integer_of(preview, "total"), 7500);
}

TEST_F(InlinePrices, APendingUpdateToOneIsApplied) {
    const Json made = subscribe();
    const std::string path = "/v1/subscriptions/" + text_of(made, "id");
    const std::string good = text_of(sandbox_.get("/v1/customers/" + customer_)["invoice_settings"],
                                     "default_payment_method");
    const Json card = sandbox_.post("/v1/payment_methods/pm_card_authenticationRequired/attach",
                                    "customer=" + customer_);
    sandbox_.post(path, "default_payment_method=" + text_of(card, "id"));
    const Json waiting = sandbox_.post(
        path, "items[0][id]=" + text_of(first_item(made), "id") + "&" + data("items[0]", 2500) +
                  "&payment_behavior=pending_if_incomplete&proration_behavior=always_invoice");
    ASSERT_TRUE(waiting.at("pending_update").is_object());
    sandbox_.post("/v1/invoices/" + text_of(waiting, "latest_invoice") + "/pay",
                  "payment_method=" + good);
    EXPECT_EQ(integer_of(first_item(sandbox_.get(path)).at("price"), "unit_amount"), 2500);
}

TEST_F(InlinePrices, AScheduleBeginsWithOneAndMovesToAnother) {
    const std::string clock = sandbox_.test_clock(sandbox_.now());
    customer_ = sandbox_.customer("pm_card_visa", "&test_clock=" + clock);
    const Json schedule = sandbox_.post(
        "/v1/subscription_schedules",
        "customer=" + customer_ + "&start_date=now&phases[0][duration][interval]=month&" +
            data("phases[0][items][0]", 1000) + "&" + data("phases[1][items][0]", 2500));
    const std::string path = "/v1/subscriptions/" + text_of(schedule, "subscription");
    EXPECT_EQ(first_item(sandbox_.get(path)).at("price").at("active"), false);
    sandbox_.advance(clock, sandbox_.now() + std::chrono::days(32));
    EXPECT_EQ(integer_of(first_item(sandbox_.get(path)).at("price"), "unit_amount"), 2500);
    EXPECT_EQ(integer_of(latest_invoice(text_of(schedule, "subscription")), "total"), 2500);
}

TEST_F(InlinePrices, AScheduleIsMadeOfASubscriptionOfOne) {
    const Json made = subscribe();
    const Json schedule =
        sandbox_.post("/v1/subscription_schedules", "from_subscription=" + text_of(made, "id"));
    const Json& phase = schedule.at("phases").at(0);
    const std::string price = text_of(first_item(made).at("price"), "id");
    EXPECT_EQ(text_of(phase.at("items").at(0), "price"), price);
    const Json changed = sandbox_.post(
        "/v1/subscription_schedules/" + text_of(schedule, "id"),
        "phases[0][start_date]=" + std::to_string(integer_of(phase, "start_date")) +
            "&phases[0][end_date]=" + std::to_string(integer_of(phase, "end_date")) +
            "&phases[0][items][0][price]=" + price + "&phases[1][duration][interval]=month&" +
            data("phases[1][items][0]", 2500));
    EXPECT_EQ(changed.at("phases").size(), 2U);
}

TEST_F(InlinePrices, CheckoutSellsThem) {
    const Json session = sandbox_.post(
        "/v1/checkout/sessions",
        "mode=subscription&success_url=http%3A%2F%2F127.0.0.1%2Fdone&customer=" + customer_ +
            "&line_items[0][quantity]=2&" + data("line_items[0]", 1000) +
            "&line_items[1][quantity]=1&" + data("line_items[1]", 500, false));
    const std::string path = "/v1/checkout/sessions/" + text_of(session, "id");
    for (const Json& line : sandbox_.get(path + "/line_items").at("data"))
        EXPECT_EQ(line.at("price").at("active"), false);
    const Json done = sandbox_.post("/v1/payment_pages/" + text_of(session, "id") + "/confirm",
                                    "payment_method=pm_card_visa");
    EXPECT_EQ(text_of(done, "status"), "complete");
    const Json made = sandbox_.get("/v1/subscriptions/" + text_of(done, "subscription"));
    EXPECT_EQ(first_item(made).at("price").at("active"), false);
    EXPECT_EQ(integer_of(first_item(made), "quantity"), 2);
    EXPECT_EQ(integer_of(latest_invoice(text_of(made, "id")), "total"), 2500);
}

TEST_F(InlinePrices, InvoiceItemsHaveThem) {
    const std::string start =
        "price_data[currency]=usd&price_data[unit_amount]=700"
        "&price_data[product]=" +
        product_;
    const Json item = sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&" + start);
    const std::string price = text_of(item.at("pricing").at("price_details"), "price");
    expect_hidden(sandbox_.get("/v1/prices/" + price));
    const Json invoice = sandbox_.post(
        "/v1/invoices", "customer=" + customer_ + "&pending_invoice_items_behavior=include");
    const Json paid = sandbox_.post("/v1/invoices/" + text_of(invoice, "id") + "/pay");
    EXPECT_EQ(integer_of(paid, "total"), 700);
}

// What a request repeats is no new use.
TEST_F(InlinePrices, AChangeMayNameTheOneThatAnItemHas) {
    const Json made = subscribe();
    const std::string price = text_of(first_item(made).at("price"), "id");
    const std::string item = text_of(first_item(made), "id");
    const Json changed = sandbox_.post(
        "/v1/subscriptions/" + text_of(made, "id"),
        "items[0][id]=" + item + "&items[0][price]=" + price + "&items[0][quantity]=2");
    EXPECT_EQ(integer_of(first_item(changed), "quantity"), 2);
    const Json again =
        sandbox_.post("/v1/subscription_items/" + item, "price=" + price + "&quantity=3");
    EXPECT_EQ(integer_of(again, "quantity"), 3);
    const std::string theirs = text_of(first_item(subscribe()), "id");
    EXPECT_EQ(sandbox_.refused("/v1/subscription_items/" + theirs, "price=" + price).param,
              "price");
}

TEST_F(InlinePrices, NoneIsForSaleAgain) {
    const std::string price = text_of(first_item(subscribe()).at("price"), "id");
    const std::string words =
        "The price specified is inactive. This field only accepts active prices.";
    const auto refused = sandbox_.refused(
        "/v1/subscriptions", "customer=" + sandbox_.customer() + "&items[0][price]=" + price);
    EXPECT_EQ(refused.message, words);
    EXPECT_EQ(refused.param, "items[0][price]");
    EXPECT_EQ(sandbox_
                  .refused("/v1/checkout/sessions",
                           "mode=subscription&success_url=http%3A%2F%2F127.0.0.1%2Fdone"
                           "&line_items[0][quantity]=1&line_items[0][price]=" +
                               price)
                  .message,
              words);
}

}  // namespace
}  // namespace turnpike::twin
