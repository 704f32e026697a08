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

}  // namespace
}  // namespace turnpike::twin
