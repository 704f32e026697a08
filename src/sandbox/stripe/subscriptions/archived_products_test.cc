#include <string>

#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

/// A subscription to a price of a product that was archived since, and another one of that product.
class ArchivedProductTest : public ::testing::Test {
protected:
    ArchivedProductTest() {
        price_ = sandbox_.price("Starter", 2900);
        product_ = text_of(sandbox_.get("/v1/prices/" + price_), "product");
        other_ = text_of(sandbox_.post("/v1/prices", "product=" + product_ +
                                                         "&currency=usd&unit_amount=9900"
                                                         "&recurring[interval]=month"),
                         "id");
        const Json made = sandbox_.post("/v1/subscriptions",
                                        "customer=" + customer_ + "&items[0][price]=" + price_);
        path_ = "/v1/subscriptions/" + text_of(made, "id");
        item_ = text_of(made["items"]["data"][0], "id");
        sandbox_.post("/v1/products/" + product_, "active=false");
    }
    /// stripe-go#1031, and three public programs that quote it.
    [[nodiscard]] std::string refusal(const std::string& price) const {
        return "The product " + product_ +
               " is marked as inactive, and thus no new subscriptions can be created to any plans "
               "of this product. You provided the plan " +
               price + ".";
    }

    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer(), price_, other_, product_, path_, item_;
};

TEST_F(ArchivedProductTest, GetsNoNewSubscriptionsAndItems) {
    const StripeError refused = sandbox_.refused(
        "/v1/subscriptions", "customer=" + customer_ + "&items[0][price]=" + price_);
    EXPECT_EQ(refused.message, refusal(price_));
    EXPECT_EQ(refused.type, "invalid_request_error");
    EXPECT_EQ(sandbox_.refused(path_, "items[0][price]=" + other_).message, refusal(other_));
    EXPECT_EQ(
        sandbox_.refused(path_, "items[0][id]=" + item_ + "&items[0][price]=" + other_).message,
        refusal(other_));
    EXPECT_EQ(sandbox_.refused("/v1/subscription_items/" + item_, "price=" + other_).message,
              refusal(other_));
    EXPECT_EQ(sandbox_
                  .refused("/v1/subscription_items",
                           "subscription=" + path_.substr(18) + "&price=" + other_)
                  .message,
              refusal(other_));
    sandbox_.post("/v1/products/" + product_, "active=true");
    sandbox_.post(path_, "items[0][price]=" + other_);
}

// Only new subscriptions are refused: what an item has it keeps.
TEST_F(ArchivedProductTest, LeavesTheSubscriptionsThatThereAre) {
    const Json changed = sandbox_.post(
        path_, "items[0][id]=" + item_ + "&items[0][price]=" + price_ + "&items[0][quantity]=2");
    EXPECT_EQ(changed["items"]["data"][0]["quantity"], 2);
    sandbox_.post("/v1/subscription_items/" + item_, "quantity=3");
    sandbox_.post("/v1/subscription_items/" + item_, "price=" + price_ + "&quantity=4");
}

// A public program archived a product and could then not switch plans by price_data of it.
TEST_F(ArchivedProductTest, GetsNoInlinePrices) {
    EXPECT_TRUE(sandbox_
                    .refused(path_, "items[0][id]=" + item_ +
                                        "&items[0][price_data][product]=" + product_ +
                                        "&items[0][price_data][currency]=usd"
                                        "&items[0][price_data][unit_amount]=500"
                                        "&items[0][price_data][recurring][interval]=month")
                    .message.starts_with("The product " + product_ + " is marked as inactive"));
}

TEST_F(ArchivedProductTest, GetsNoNewSchedules) {
    const std::string phase = "&phases[0][duration][interval]=month&phases[0][items][0]";
    const std::string start = "customer=" + customer_ + "&start_date=now";
    const StripeError refused =
        sandbox_.refused("/v1/subscription_schedules", start + phase + "[price]=" + price_);
    EXPECT_EQ(refused.message, refusal(price_));
    EXPECT_EQ(refused.param, "phases[0][items][0][price]");
    const std::string data = phase + "[price_data]";
    EXPECT_TRUE(sandbox_
                    .refused("/v1/subscription_schedules",
                             start + data + "[product]=" + product_ + data + "[currency]=usd" +
                                 data + "[unit_amount]=500" + data + "[recurring][interval]=month")
                    .message.starts_with("The product " + product_ + " is marked as inactive"));
}

TEST_F(ArchivedProductTest, StaysInTheSchedulesThatThereAre) {
    const Json schedule =
        sandbox_.post("/v1/subscription_schedules", "from_subscription=" + path_.substr(18));
    const Json& phase = schedule.at("phases").at(0);
    const std::string form =
        "phases[0][start_date]=" + std::to_string(integer_of(phase, "start_date")) +
        "&phases[0][duration][interval]=month&phases[0][items][0][price]=";
    const std::string path = "/v1/subscription_schedules/" + text_of(schedule, "id");
    sandbox_.post(path, form + price_ + "&phases[0][items][0][quantity]=2");
    EXPECT_EQ(sandbox_.refused(path, form + other_).message, refusal(other_));
}

// stripe-node#2131: a session for an active price of an archived product is refused. The words are
// those of an inactive price, as the report reads.
TEST_F(ArchivedProductTest, IsNotSoldByCheckout) {
    const std::string once = text_of(
        sandbox_.post("/v1/prices", "product=" + product_ + "&currency=usd&unit_amount=500"), "id");
    for (const auto& [mode, price] : {std::pair{"subscription", price_}, {"payment", once}}) {
        SCOPED_TRACE(mode);
        const StripeError refused = sandbox_.refused(
            "/v1/checkout/sessions",
            "customer=" + customer_ + "&mode=" + mode + "&line_items[0][price]=" + price +
                "&line_items[0][quantity]=1&success_url=https%3A%2F%2Fexample.com");
        EXPECT_EQ(refused.message,
                  "The price specified is inactive. This field only accepts active prices.");
        EXPECT_EQ(refused.param, "line_items[0][price]");
    }
}

TEST_F(ArchivedProductTest, IsNotSoldByCheckoutAtAnotherPrice) {
    const std::string data = "&line_items[0][price_data]";
    for (const auto& [mode, recurs] :
         {std::pair{"subscription", data + "[recurring][interval]=month"},
          {"payment", std::string()}}) {
        SCOPED_TRACE(mode);
        const StripeError refused = sandbox_.refused(
            "/v1/checkout/sessions",
            "customer=" + customer_ + "&mode=" + mode + data + "[currency]=usd" + data +
                "[product]=" + product_ + data + "[unit_amount]=500" + recurs +
                "&line_items[0][quantity]=1&success_url=https%3A%2F%2Fexample.com");
        EXPECT_EQ(refused.message,
                  "The price specified is inactive. This field only accepts active prices.");
        EXPECT_EQ(refused.param, "line_items[0][price_data]");
    }
}

// What is sold already is sold, as a price that was archived since.
TEST_F(ArchivedProductTest, IsPaidForOnTheSessionsThatThereAre) {
    sandbox_.post("/v1/products/" + product_, "active=true");
    const Json session =
        sandbox_.post("/v1/checkout/sessions",
                      "mode=subscription&line_items[0][price]=" + price_ +
                          "&line_items[0][quantity]=1&success_url=https%3A%2F%2Fexample.com");
    sandbox_.post("/v1/products/" + product_, "active=false");
    const Json done = sandbox_.post("/v1/payment_pages/" + text_of(session, "id") + "/confirm",
                                    "payment_method=pm_card_visa");
    EXPECT_EQ(text_of(done, "status"), "complete");
    EXPECT_NE(text_of(done, "subscription"), "");
}

}  // namespace
}  // namespace turnpike::twin
