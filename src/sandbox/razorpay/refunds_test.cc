#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/razorpay/testing.h"

namespace turnpike::twin::razorpay {
namespace {

using ::testing::ElementsAre;
using testing::Reply;
using testing::TwinUnderTest;

/// A captured payment of INR 500.00.
class RefundsOfRazorpay : public ::testing::Test {
protected:
    RefundsOfRazorpay() {
        const auto order = twin_.post(
            "/v1/orders", R"({"amount": 50000, "currency": "INR", "payment_capture": true})");
        order_ = text_of(order.body, "id");
        twin_.submit("/p/order/" + order_, "action=authorise");
        payment_ = text_of(twin_.get("/v1/payments").body.at("items").at(0), "id");
    }
    Reply refund(const std::string& body = "{}") {
        return twin_.post("/v1/payments/" + payment_ + "/refund", body);
    }
    Json payment() { return twin_.get("/v1/payments/" + payment_).body; }
    void let_refunds_wait() {
        ASSERT_EQ(
            twin_.post("/_sandbox/payments/" + payment_ + "/refunds", R"({"refunds": "wait"})")
                .status,
            200);
    }
    Reply settle(const std::string& refund, const std::string& how) {
        return twin_.post("/_sandbox/refunds/" + refund, how);
    }
    std::vector<std::string> refund_events() {
        auto events = twin_.events();
        std::erase_if(events, [](const auto& name) { return !name.starts_with("refund."); });
        return events;
    }
    void listen() {
        ASSERT_EQ(twin_
                      .post("/v1/webhooks", R"({"url": "http://127.0.0.1:9/", "secret": "s",
            "events": ["refund.created", "refund.processed", "refund.failed",
            "refund.speed_changed"]})")
                      .status,
                  200);
    }
    Json metadata() const { return Json{{"payment_id", payment_}, {"order_id", order_}}; }

    TwinUnderTest twin_;
    std::string order_, payment_;
};

TEST_F(RefundsOfRazorpay, MayWaitAndThenBeProcessed) {
    listen();
    let_refunds_wait();
    const Json made = refund(R"({"amount": 20000})").body;
    EXPECT_EQ(made.at("status"), "pending");
    EXPECT_EQ(made.at("acquirer_data").at("arn"), nullptr);
    EXPECT_EQ(payment().at("amount_refunded"), 20'000);
    EXPECT_EQ(payment().at("refund_status"), "partial");
    EXPECT_THAT(refund_events(), ElementsAre("refund.created"));
    const auto id = text_of(made, "id");
    EXPECT_EQ(settle(id, R"({"status": "processed"})").body.at("status"), "processed");
    EXPECT_EQ(twin_.get("/v1/refunds/" + id).body.at("status"), "processed");
    EXPECT_THAT(refund_events(), ElementsAre("refund.created", "refund.processed"));
    EXPECT_EQ(settle(id, R"({"status": "failed"})").error("description"),
              "The refund is processed already");
}

TEST_F(RefundsOfRazorpay, GiveTheAmountBackToThePaymentWhenTheyFail) {
    listen();
    let_refunds_wait();
    const auto first = text_of(refund(R"({"amount": 20000})").body, "id");
    const auto rest = text_of(refund().body, "id");
    EXPECT_EQ(payment().at("status"), "refunded");
    EXPECT_EQ(refund().error("description"), "The payment has been fully refunded already");
    EXPECT_EQ(settle(rest, R"({"status": "failed"})").body.at("status"), "failed");
    EXPECT_EQ(payment().at("status"), "captured");
    EXPECT_EQ(payment().at("amount_refunded"), 20'000);
    EXPECT_EQ(payment().at("refund_status"), "partial");
    settle(first, R"({"status": "failed"})");
    EXPECT_EQ(payment().at("amount_refunded"), 0);
    EXPECT_EQ(payment().at("refund_status"), nullptr);
    EXPECT_EQ(refund().body.at("amount"), 50'000);
    EXPECT_THAT(refund_events(), ElementsAre("refund.created", "refund.created", "refund.failed",
                                             "refund.failed", "refund.created"));
}

TEST_F(RefundsOfRazorpay, MayBecomeSlower) {
    listen();
    let_refunds_wait();
    const Json made = refund(R"({"speed": "optimum"})").body;
    EXPECT_EQ(made.at("speed_processed"), "instant");
    const auto slowed = settle(text_of(made, "id"), R"({"speed": "normal"})").body;
    EXPECT_EQ(slowed.at("speed_processed"), "normal");
    EXPECT_EQ(slowed.at("speed_requested"), "optimum");
    EXPECT_EQ(slowed.at("status"), "pending");
    EXPECT_EQ(settle(text_of(made, "id"), R"({"speed": "normal"})").error("field"), "speed");
    EXPECT_THAT(refund_events(), ElementsAre("refund.created", "refund.speed_changed"));
}

TEST_F(RefundsOfRazorpay, NameThePaymentThatARefusalIsAbout) {
    const auto too_much = refund(R"({"amount": 50001})");
    EXPECT_EQ(too_much.error("description"),
              "The refund amount provided is greater than amount captured");
    EXPECT_EQ(too_much.body.at("error").at("metadata"), metadata());
    const auto captured = twin_.post("/v1/payments/" + payment_ + "/capture",
                                     R"({"amount": 50000, "currency": "INR"})");
    EXPECT_EQ(captured.error("description"), "This payment has already been captured");
    EXPECT_EQ(captured.body.at("error").at("metadata"), metadata());
    // What is wrong with the request itself is about no payment.
    const auto word = refund(R"({"amount": "much"})");
    EXPECT_EQ(word.body.at("error").at("metadata"), Json::object());
}

TEST_F(RefundsOfRazorpay, AreOfAWholeUnitAtLeast) {
    const auto order =
        twin_.post("/v1/orders", R"({"amount": 500, "currency": "JPY", "payment_capture": true})");
    twin_.submit("/p/order/" + text_of(order.body, "id"), "action=authorise");
    payment_ = text_of(twin_.get("/v1/payments").body.at("items").at(0), "id");
    EXPECT_EQ(refund(R"({"amount": 0})").error("description"),
              "The amount must be at least JPY 1.00");
    EXPECT_EQ(refund(R"({"amount": 1})").body.at("amount"), 1);
}

TEST(RazorpayCheckout, TellsTheShopOfAPaymentThatFailed) {
    TwinUnderTest twin;
    const auto order =
        text_of(twin.post("/v1/orders", R"({"amount": 500, "currency": "INR"})").body, "id");
    const auto reply = twin.submit("/p/order/" + order, "action=fail");
    const auto payment = text_of(twin.get("/v1/payments").body.at("items").at(0), "id");
    const auto page = twin.get("/p/order/" + order + "?payment=" + payment).text;
    EXPECT_THAT(page, ::testing::HasSubstr("error.metadata"));
    EXPECT_THAT(page, ::testing::HasSubstr(payment));
    EXPECT_THAT(page, ::testing::HasSubstr("payment_authorization"));
    EXPECT_EQ(reply.status, 303);
}

}  // namespace
}  // namespace turnpike::twin::razorpay
