#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/testing/billing_testing.h"

namespace turnpike::twin {
namespace {

using std::chrono::days;
using std::chrono::hours;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

/// Subscriptions to a monthly price that cost nothing yet.
class PendingSetupTest : public ::testing::Test {
protected:
    std::string form(const std::string& customer, const std::string& more = "") {
        return "customer=" + customer + "&items[0][price]=" + monthly_ +
               "&expand[]=pending_setup_intent" + more;
    }
    Json trial(const std::string& customer, const std::string& more = "") {
        return sandbox_.post("/v1/subscriptions", form(customer, "&trial_period_days=14" + more));
    }
    Json subscription(const Json& made) {
        return sandbox_.get("/v1/subscriptions/" + text_of(made, "id"));
    }
    Json confirm(const Json& made, const std::string& method) {
        return sandbox_.post(
            "/v1/setup_intents/" + text_of(made["pending_setup_intent"], "id") + "/confirm",
            "payment_method=" + method);
    }

    BillingSandbox sandbox_;
    std::string monthly_ = sandbox_.price("Pro", 9900);
};

// https://docs.stripe.com/billing/subscriptions/deferred-payment: made for subscriptions without an
// initial payment; null where no action is necessary.
TEST_F(PendingSetupTest, AsksForAPaymentMethodWhereThereIsNone) {
    const std::string customer = sandbox_.customer("");
    sandbox_.new_events();
    const Json made = trial(customer, "&payment_behavior=default_incomplete");
    EXPECT_EQ(made["status"], "trialing");
    const Json& intent = made["pending_setup_intent"];
    EXPECT_EQ(intent["object"], "setup_intent");
    EXPECT_EQ(intent["status"], "requires_payment_method");
    EXPECT_EQ(intent["usage"], "off_session");
    EXPECT_EQ(intent["customer"], customer);
    EXPECT_EQ(subscription(made)["pending_setup_intent"], intent["id"]);
    EXPECT_EQ(
        sandbox_.last_event("customer.subscription.created")["object"]["pending_setup_intent"],
        intent["id"]);
    EXPECT_THAT(
        sandbox_.new_events(),
        ElementsAre("setup_intent.created", "customer.subscription.created", "invoice.created",
                    "invoice.finalized", "invoice.paid", "invoice.payment_succeeded"));
}

TEST_F(PendingSetupTest, IsThereWheneverNothingIsDueAndNothingReady) {
    const std::string free = sandbox_.price("Free", 0);
    const std::string off = text_of(sandbox_.post("/v1/coupons", "percent_off=100"), "id");
    for (const std::string& more : {std::string("&trial_period_days=14"),
                                    "&discounts[0][coupon]=" + off, "&items[0][price]=" + free}) {
        SCOPED_TRACE(more);
        const bool replaced = more.starts_with("&items");
        const std::string start = "customer=" + sandbox_.customer("") + more;
        const Json made = sandbox_.post("/v1/subscriptions",
                                        replaced ? start : start + "&items[0][price]=" + monthly_);
        EXPECT_TRUE(made["pending_setup_intent"].is_string());
    }
}

TEST_F(PendingSetupTest, IsNullWhereNothingMustBeAsked) {
    // Recorded: a trial with pm_card_visa as the customer's default.
    EXPECT_EQ(trial(sandbox_.customer())["pending_setup_intent"], nullptr);
    const Json sent =
        trial(sandbox_.customer(""), "&collection_method=send_invoice&days_until_due=9");
    EXPECT_EQ(sent["pending_setup_intent"], nullptr);
    const Json paid = sandbox_.post("/v1/subscriptions", form(sandbox_.customer()));
    EXPECT_EQ(paid["status"], "active");
    EXPECT_EQ(paid["pending_setup_intent"], nullptr);
}

TEST_F(PendingSetupTest, AsksTheBankOfTheCardThatIsThere) {
    const Json asked = trial(sandbox_.customer("pm_card_authenticationRequired"));
    EXPECT_EQ(asked["status"], "trialing");
    EXPECT_EQ(asked["pending_setup_intent"]["status"], "requires_action");
    const Json left = trial(sandbox_.customer("pm_card_authenticationRequired"),
                            "&payment_behavior=default_incomplete");
    EXPECT_EQ(left["pending_setup_intent"]["status"], "requires_confirmation");
    EXPECT_TRUE(left["pending_setup_intent"]["payment_method"].is_string());
}

TEST_F(PendingSetupTest, SuccessMakesTheMethodTheSubscriptionsOwnIfAsked) {
    const std::string customer = sandbox_.customer("");
    const Json made = trial(customer,
                            "&payment_behavior=default_incomplete"
                            "&payment_settings[save_default_payment_method]=on_subscription");
    sandbox_.new_events();
    const Json intent = confirm(made, "pm_card_visa");
    EXPECT_EQ(intent["status"], "succeeded");
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("payment_method.attached", "setup_intent.succeeded",
                            "customer.subscription.updated"));
    const Json after = subscription(made);
    EXPECT_EQ(after["pending_setup_intent"], nullptr);
    EXPECT_EQ(after["default_payment_method"], intent["payment_method"]);
    const Json previous =
        sandbox_.last_event("customer.subscription.updated")["previous_attributes"];
    EXPECT_EQ(previous["pending_setup_intent"], intent["id"]);
    EXPECT_EQ(previous["default_payment_method"], nullptr);
    // 14 days of trial, then the draft of the renewal closes after an hour and is paid.
    sandbox_.run_until(sandbox_.now() + days(14) + hours(2));
    EXPECT_EQ(subscription(made)["status"], "active");
    EXPECT_EQ(sandbox_.last_event("invoice.paid")["object"]["amount_paid"], 9900);
}

TEST_F(PendingSetupTest, SuccessAloneSavesNoDefault) {
    const Json made =
        trial(sandbox_.customer(""), "&trial_settings[end_behavior][missing_payment_method]=pause");
    confirm(made, "pm_card_visa");
    EXPECT_EQ(subscription(made)["pending_setup_intent"], nullptr);
    EXPECT_EQ(subscription(made)["default_payment_method"], nullptr);
    sandbox_.run_until(sandbox_.now() + days(14));
    EXPECT_EQ(subscription(made)["status"], "paused");
}

TEST_F(PendingSetupTest, ADeclineLeavesItPending) {
    const Json made = trial(sandbox_.customer(""));
    const std::string intent = text_of(made["pending_setup_intent"], "id");
    const StripeError error = sandbox_.refused("/v1/setup_intents/" + intent + "/confirm",
                                               "payment_method=pm_card_chargeDeclined");
    EXPECT_EQ(error.code, "card_declined");
    EXPECT_EQ(subscription(made)["pending_setup_intent"], intent);
}

// The same page of the documentation: it does not cancel automatically when the subscription ends.
TEST_F(PendingSetupTest, OutlivesItsSubscription) {
    const Json made = trial(sandbox_.customer(""));
    const std::string intent = text_of(made["pending_setup_intent"], "id");
    sandbox_.new_events();
    EXPECT_EQ(sandbox_.remove("/v1/subscriptions/" + text_of(made, "id"))["status"], "canceled");
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("setup_intent.canceled")));
    EXPECT_EQ(sandbox_.get("/v1/setup_intents/" + intent)["status"], "requires_payment_method");
    EXPECT_EQ(sandbox_.post("/v1/setup_intents/" + intent + "/cancel")["status"], "canceled");
    EXPECT_EQ(subscription(made)["pending_setup_intent"], intent);
}

TEST_F(PendingSetupTest, CanceledByHandItIsPendingNoLonger) {
    const Json made = trial(sandbox_.customer(""));
    sandbox_.post("/v1/setup_intents/" + text_of(made["pending_setup_intent"], "id") + "/cancel");
    EXPECT_EQ(subscription(made)["pending_setup_intent"], nullptr);
    EXPECT_EQ(subscription(made)["status"], "trialing");
}

}  // namespace
}  // namespace turnpike::twin
