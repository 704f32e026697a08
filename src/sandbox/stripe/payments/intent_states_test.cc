#include "sandbox/stripe/payments/intent_states.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;

// The messages are Stripe's, as its users quote them (grandnode issue 985, stripe-php 818,
// stripe-payments-demo 133, exercism/website 7062, solidus_stripe 186).
class IntentStates : public ::testing::Test {
protected:
    std::string made(const std::string& form) {
        return "/v1/payment_intents/" +
               text_of(sandbox_.post("/v1/payment_intents", "amount=2900&currency=usd" + form),
                       "id");
    }
    void expect_refused(const std::string& path, const std::string& form,
                        const std::string& message) {
        const StripeError error = sandbox_.refused(path, form);
        EXPECT_EQ(error.http_status, 400);
        EXPECT_EQ(error.type, "invalid_request_error");
        EXPECT_EQ(error.code, "payment_intent_unexpected_state");
        EXPECT_EQ(error.message, message);
        EXPECT_EQ("/v1/payment_intents/" + text_of(error.extra["payment_intent"], "id"),
                  path.substr(0, path.find('/', sizeof("/v1/payment_intents/"))));
    }

    BillingSandbox sandbox_;
};

TEST_F(IntentStates, CaptureNeedsAnAuthorization) {
    const std::string fresh = made("&capture_method=manual&payment_method=pm_card_visa");
    expect_refused(fresh + "/capture", "",
                   "This PaymentIntent could not be captured because it has a status of "
                   "requires_confirmation. Only a PaymentIntent with one of the following statuses "
                   "may be captured: requires_capture.");
    sandbox_.post(fresh + "/confirm", "return_url=https://shop.example");
    sandbox_.post(fresh + "/capture");
    expect_refused(fresh + "/capture", "",
                   "This PaymentIntent could not be captured because it has already been "
                   "captured.");
    const std::string part =
        made("&payment_method_types[]=card&capture_method=manual&payment_method=pm_card_visa");
    sandbox_.post(part + "/confirm");
    sandbox_.post(part + "/capture", "amount_to_capture=1000");
    expect_refused(part + "/capture", "",
                   "The remaining amount on this PaymentIntent could not be captured because the "
                   "remainder of the authorized amount has been released.");
}

TEST_F(IntentStates, NothingIsConfirmedTwice) {
    const std::string paid =
        made("&confirm=true&return_url=https://shop.example&payment_method=pm_card_visa");
    expect_refused(paid + "/confirm", "",
                   "You cannot confirm this PaymentIntent because it has already succeeded after "
                   "being previously confirmed.");
    const std::string canceled = made("");
    sandbox_.post(canceled + "/cancel");
    expect_refused(canceled + "/confirm", "payment_method=pm_card_visa",
                   "You cannot confirm this PaymentIntent because it has a status of canceled. "
                   "Only a PaymentIntent with one of the following statuses may be confirmed: "
                   "requires_confirmation, requires_payment_method, requires_action.");
    expect_refused(made("") + "/confirm", "return_url=https://shop.example",
                   "You cannot confirm this PaymentIntent because it's missing a payment method. "
                   "You can either update the PaymentIntent with a payment method and then confirm "
                   "it again, or confirm it again directly with a payment method or "
                   "ConfirmationToken.");
    const std::string customer = sandbox_.customer("");
    expect_refused(made("&payment_method_types[]=card&customer=" + customer) + "/confirm", "",
                   "You cannot confirm this PaymentIntent because it's missing a payment method. "
                   "To confirm the PaymentIntent with " +
                       customer +
                       ", specify a payment method attached to this customer along with the "
                       "customer ID.");
    const std::string ended =
        made("&payment_method_types[]=card&confirm=true&payment_method=pm_card_visa");
    EXPECT_EQ(sandbox_.refused(ended, "amount=3000").param, "amount");
}

TEST_F(IntentStates, WhatHasEndedIsNotCanceled) {
    const std::string rest =
        ". Only a PaymentIntent with one of the following statuses may be canceled: "
        "requires_payment_method, requires_capture, requires_confirmation, requires_action, "
        "processing.";
    const std::string paid =
        made("&confirm=true&return_url=https://shop.example&payment_method=pm_card_visa");
    expect_refused(
        paid + "/cancel", "",
        "You cannot cancel this PaymentIntent because it has a status of succeeded" + rest);
    const std::string canceled = made("");
    sandbox_.post(canceled + "/cancel");
    expect_refused(
        canceled + "/cancel", "",
        "You cannot cancel this PaymentIntent because it has a status of canceled" + rest);
}

TEST_F(IntentStates, WhatAChargeWasMadeWithDoesNotChange) {
    const std::string held = made(
        "&confirm=true&return_url=https://"
        "shop.example&payment_method=pm_card_visa&capture_method=manual");
    const std::string customer = sandbox_.customer("");
    const std::pair<std::string, std::string> cases[] = {
        {"amount", "amount=100"},
        {"currency", "currency=eur"},
        {"customer", "customer=" + customer},
        {"payment_method", "payment_method=pm_card_visa"},
        {"capture_method", "capture_method=automatic"},
    };
    for (const auto& [name, form] : cases)
        expect_refused(held, form,
                       "This PaymentIntent's " + name +
                           " could not be updated because it has a status of requires_capture. "
                           "You may only update the " +
                           name +
                           " of a PaymentIntent with one of the following statuses: "
                           "requires_payment_method, requires_confirmation, requires_action.");
    EXPECT_EQ(sandbox_.post(held, "description=Ink&metadata[order]=7")["description"], "Ink");
}

// Odoo pull request 259230: the event comes for a charge that was never captured.
TEST_F(IntentStates, CancelingReleasesWhatWasAuthorized) {
    const std::string held = made(
        "&confirm=true&return_url=https://"
        "shop.example&payment_method=pm_card_visa&capture_method=manual");
    sandbox_.new_events();
    const std::string charge = text_of(sandbox_.get(held), "latest_charge");
    EXPECT_EQ(sandbox_.refused("/v1/refunds", "charge=" + charge)
                  .message.substr(0, sizeof("This uncaptured Charge was created by") - 1),
              "This uncaptured Charge was created by");
    const Json canceled = sandbox_.post(held + "/cancel", "cancellation_reason=abandoned");
    EXPECT_EQ(canceled["status"], "canceled");
    EXPECT_EQ(canceled["amount_capturable"], 0);
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("charge.refunded", "payment_intent.canceled"));
    const Json shown = sandbox_.get("/v1/charges/" + charge);
    EXPECT_EQ(shown["amount_refunded"], 2900);
    EXPECT_EQ(shown["refunded"], true);
    EXPECT_EQ(shown["captured"], false);
}

// "By default the authorization for an online card payment is valid for seven days" (place a hold);
// charge.expired: "Occurs whenever an uncaptured charge expires."
TEST_F(IntentStates, AnAuthorizationEndsAfterSevenDays) {
    const std::string hold =
        "&confirm=true&return_url=https://"
        "shop.example&payment_method=pm_card_visa&capture_method=manual";
    const std::string held = made(hold);
    const std::string captured = made(hold);
    sandbox_.post(captured + "/capture");
    const std::string canceled = made(hold);
    sandbox_.post(canceled + "/cancel");
    sandbox_.new_events();
    const Instant end = sandbox_.now() + std::chrono::days(7);
    sandbox_.run_until(end - std::chrono::seconds(1));
    EXPECT_THAT(sandbox_.new_events(), ElementsAre());
    sandbox_.run_until(end);
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("charge.expired", "payment_intent.canceled"));
    const Json expired = sandbox_.get(held, "expand[]=latest_charge");
    EXPECT_EQ(expired["status"], "canceled");
    EXPECT_EQ(expired["cancellation_reason"], "automatic");
    EXPECT_EQ(expired["latest_charge"]["refunded"], true);
    EXPECT_EQ(sandbox_.get(captured)["status"], "succeeded");
}

}  // namespace
}  // namespace turnpike::twin
