#include <chrono>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "sandbox/deliveries.h"
#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using namespace std::chrono_literals;

/// Stripe's documentation (Invoicing, workflow transitions): "We wait an hour after receiving a
/// successful response to the invoice.created event ... If we don't receive a successful response
/// within 72 hours, we attempt to finalize and send".
class WebhookWaitTest : public ::testing::Test {
protected:
    WebhookWaitTest() {
        sandbox_.post("/_sandbox/invoice_settings", "webhook_wait_hours=72");
        subscription_ = sandbox_.post(
            "/v1/subscriptions",
            "customer=" + customer_ + "&items[0][price]=" + sandbox_.price("Starter", 2900));
        answer(200);
    }
    std::string listen(const std::string& type = "invoice.created") {
        return text_of(
            sandbox_.post("/v1/webhook_endpoints",
                          "url=http%3A%2F%2F127.0.0.1%3A1%2Fhook&enabled_events[]=" + type),
            "id");
    }
    /// Every webhook that is due is answered so, and is not sent again.
    void answer(int status) {
        sandbox_.in_transaction([&](Context& ctx) {
            while (true) {
                const auto due = load_due_deliveries(ctx.transaction(), sandbox_.now() + 48h);
                for (const Delivery& delivery : due)
                    save_attempt(ctx.transaction(), delivery,
                                 {.tried_at = sandbox_.now(), .status = status, .note = {}},
                                 std::nullopt);
                if (due.empty()) return true;
            }
        });
    }
    /// The draft of the next period, whose webhook is answered so.
    Json renewal(int status) {
        sandbox_.run_until(
            from_unix_seconds(integer_of(subscription_["items"]["data"][0], "current_period_end")));
        answer(status);
        return newest();
    }
    Json newest() {
        return sandbox_.get("/v1/invoices", "customer=" + customer_ + "&limit=1")["data"][0];
    }
    std::string status_after(std::chrono::minutes time) {
        sandbox_.run_until(sandbox_.now() + time);
        return text_of(newest(), "status");
    }

    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer(), endpoint_ = listen();
    Json subscription_;
};

TEST_F(WebhookWaitTest, IsOverAnHourAfterInvoiceCreatedWasTaken) {
    EXPECT_EQ(text_of(renewal(200), "status"), "draft");
    EXPECT_EQ(status_after(59min), "draft");
    EXPECT_EQ(status_after(1min), "paid");
}

TEST_F(WebhookWaitTest, IsNotBegunForWhatWasNotSentYet) {
    sandbox_.run_until(
        from_unix_seconds(integer_of(subscription_["items"]["data"][0], "current_period_end")));
    EXPECT_EQ(status_after(60min), "paid");
}

TEST_F(WebhookWaitTest, LastsForSeventyTwoHoursWhileItIsRefused) {
    EXPECT_EQ(text_of(renewal(500), "status"), "draft");
    EXPECT_EQ(status_after(1h), "draft");
    EXPECT_EQ(newest()["automatically_finalizes_at"], unix_seconds(sandbox_.now() + 1h));
    EXPECT_EQ(newest()["next_payment_attempt"], unix_seconds(sandbox_.now() + 1h));
    EXPECT_EQ(status_after(71h - 1min), "draft");
    EXPECT_EQ(status_after(1min), "paid");
}

TEST_F(WebhookWaitTest, EndsWithinAnHourWhenItIsTakenAfterAll) {
    renewal(500);
    EXPECT_EQ(status_after(5h), "draft");
    sandbox_.post("/v1/events/" +
                  text_of(sandbox_.get("/v1/events", "type=invoice.created")["data"][0], "id") +
                  "/retry");
    answer(200);
    EXPECT_EQ(status_after(1h), "paid");
}

TEST_F(WebhookWaitTest, IsForEndpointsThatAreThereAndWantIt) {
    const std::string disabled = listen();
    listen("invoice.paid");
    renewal(500);
    sandbox_.remove("/v1/webhook_endpoints/" + endpoint_);
    EXPECT_EQ(status_after(1h), "draft");
    sandbox_.post("/v1/webhook_endpoints/" + disabled, "disabled=true");
    EXPECT_EQ(status_after(1h), "paid");
}

TEST_F(WebhookWaitTest, IsForNobodyWhenNoEndpointIsLeft) {
    renewal(500);
    sandbox_.post("/v1/webhook_endpoints/" + endpoint_, "disabled=true");
    EXPECT_EQ(status_after(1h), "paid");
}

TEST_F(WebhookWaitTest, IsNotBegunUnlessItIsAskedFor) {
    EXPECT_EQ(BillingSandbox().get("/_sandbox/invoice_settings")["webhook_wait_hours"], 0);
    sandbox_.post("/_sandbox/invoice_settings", "webhook_wait_hours=0");
    renewal(500);
    EXPECT_EQ(status_after(1h), "paid");
}

TEST_F(WebhookWaitTest, HoldsBackNoFinalizationByHand) {
    const std::string path = "/v1/invoices/" + text_of(renewal(500), "id");
    // It advances by itself, and the customer's card is good: it is collected at once.
    EXPECT_EQ(text_of(sandbox_.post(path + "/finalize"), "status"), "paid");
}

TEST_F(WebhookWaitTest, CountsTheTimeOfATestClock) {
    const std::string clock = sandbox_.test_clock(sandbox_.now());
    const std::string customer = sandbox_.customer("pm_card_visa", "&test_clock=" + clock);
    const Json made =
        sandbox_.post("/v1/subscriptions",
                      "customer=" + customer + "&items[0][price]=" + sandbox_.price("Pro", 2900));
    answer(200);
    const Instant end =
        from_unix_seconds(integer_of(made["items"]["data"][0], "current_period_end"));
    const auto status = [&] {
        return text_of(sandbox_.get("/v1/invoices", "customer=" + customer + "&limit=1")["data"][0],
                       "status");
    };
    sandbox_.advance(clock, end);
    answer(500);
    sandbox_.advance(clock, end + 71h);
    EXPECT_EQ(status(), "draft");
    sandbox_.advance(clock, end + 72h);
    EXPECT_EQ(status(), "paid");
}

}  // namespace
}  // namespace turnpike::twin
