#include "sandbox/stripe/payments/payment_intents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string pay(const std::string& card, const std::string& more = "") {
    return "amount=2900&currency=usd&confirm=true&return_url=https://shop.example&payment_method=" +
           card + more;
}

TEST(PaymentIntent, SucceedsWithACharge) {
    BillingSandbox sandbox;
    const Json intent =
        sandbox.post("/v1/payment_intents", pay("pm_card_visa") + "&expand[]=latest_charge");
    EXPECT_EQ(intent["status"], "succeeded");
    EXPECT_EQ(intent["amount_received"], 2900);
    EXPECT_EQ(intent["capture_method"], "automatic_async");
    EXPECT_EQ(intent["latest_charge"]["status"], "succeeded");
    EXPECT_EQ(intent["latest_charge"]["captured"], true);
    EXPECT_EQ(intent["latest_charge"]["payment_method_details"]["card"]["last4"], "4242");
    EXPECT_THAT(sandbox.new_events(), ElementsAre("payment_intent.created", "charge.succeeded",
                                                  "payment_intent.succeeded", "charge.updated"));
}

TEST(PaymentIntent, DeclinesAsTheCardSays) {
    struct Case {
        const char* card;
        const char* code;
        const char* decline_code;
        const char* page;  ///< as recorded
    };
    const Case cases[] = {
        {"pm_card_chargeDeclined", "card_declined", "generic_decline", "card-declined"},
        {"pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds",
         "card-declined"},
        {"pm_card_chargeDeclinedExpiredCard", "expired_card", "", "expired-card"},
        {"pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "", "incorrect-cvc"},
        {"pm_card_chargeDeclinedProcessingError", "processing_error", "", "processing-error"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.card);
        BillingSandbox sandbox;
        const StripeError error = sandbox.refused("/v1/payment_intents", pay(c.card));
        EXPECT_EQ(error.http_status, 402);
        EXPECT_EQ(error.type, "card_error");
        EXPECT_EQ(error.code, c.code);
        EXPECT_EQ(error.decline_code, c.decline_code);
        // The intent, the charge and their events stay.
        const Json& inside = error.extra["payment_intent"];
        const Json stored = sandbox.get("/v1/payment_intents/" + text_of(inside, "id"));
        EXPECT_EQ(stored["status"], "requires_payment_method");
        EXPECT_EQ(stored["last_payment_error"]["code"], c.code);
        EXPECT_EQ(stored["last_payment_error"]["doc_url"],
                  "https://stripe.com/docs/error-codes/" + std::string(c.page));
        const Json charge = sandbox.get("/v1/charges/" + text_of(stored, "latest_charge"));
        EXPECT_EQ(charge["status"], "failed");
        EXPECT_EQ(charge["failure_code"], c.code);
        EXPECT_THAT(sandbox.new_events(), ElementsAre("payment_intent.created", "charge.failed",
                                                      "payment_intent.payment_failed"));
    }
}

TEST(PaymentIntent, KeepsWhereItIsShipped) {
    BillingSandbox sandbox;
    const Json intent = sandbox.post("/v1/payment_intents",
                                     pay("pm_card_visa",
                                         "&shipping[name]=Ada&shipping[address][line1]=1+Main+St"
                                         "&expand[]=latest_charge"));
    EXPECT_EQ(intent["shipping"]["name"], "Ada");
    EXPECT_EQ(intent["shipping"]["address"]["line1"], "1 Main St");
    EXPECT_EQ(intent["shipping"]["address"]["city"], nullptr);
    EXPECT_EQ(intent["latest_charge"]["shipping"], intent["shipping"]);
}

TEST(PaymentIntent, ErrorsShowNothingPrivate) {
    BillingSandbox sandbox;
    const StripeError error = sandbox.refused("/v1/payment_intents", pay("pm_card_chargeDeclined"));
    EXPECT_THAT(to_text(error.extra), Not(HasSubstr("\"_")));
}

TEST(PaymentIntent, AsksTheCardholderOnlyWhenThere) {
    BillingSandbox sandbox;
    const Json asks = sandbox.post("/v1/payment_intents", pay("pm_card_authenticationRequired"));
    EXPECT_EQ(asks["status"], "requires_action");
    EXPECT_EQ(asks["next_action"]["type"], "redirect_to_url");
    const StripeError error = sandbox.refused(
        "/v1/payment_intents", pay("pm_card_authenticationRequired", "&off_session=true"));
    EXPECT_EQ(error.http_status, 402);
    EXPECT_EQ(error.code, "authentication_required");
    EXPECT_EQ(error.extra["payment_intent"]["status"], "requires_payment_method");
}

TEST(PaymentIntent, ACardSetUpOnceIsChargedOffSession) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer("");
    const Json method = sandbox.post(
        "/v1/payment_methods/pm_card_authenticationRequiredOnSetup/attach", "customer=" + customer);
    const std::string with = pay(text_of(method, "id"), "&customer=" + customer);
    EXPECT_EQ(sandbox.refused("/v1/payment_intents", with + "&off_session=true").code,
              "authentication_required");
    const Json asks = sandbox.post("/v1/payment_intents", with);
    sandbox.in_transaction([&](Context& ctx) {
        const auto intent = ctx.find("payment_intent", text_of(asks, "id"));
        authenticate_payment_intent(ctx, *intent, Authenticated::Yes);
        return true;
    });
    EXPECT_EQ(sandbox.get("/v1/payment_intents/" + text_of(asks, "id"))["status"], "succeeded");
    EXPECT_EQ(sandbox.post("/v1/payment_intents", with + "&off_session=true")["status"],
              "succeeded");
}

TEST(PaymentIntent, IsConfirmedCapturedAndCanceledInItsStates) {
    BillingSandbox sandbox;
    const std::string path = "/v1/payment_intents/" +
                             text_of(sandbox.post("/v1/payment_intents",
                                                  "amount=2900&currency=usd&capture_method=manual"),
                                     "id");
    EXPECT_EQ(sandbox.get(path)["status"], "requires_payment_method");
    EXPECT_EQ(sandbox.refused(path + "/capture", "").code, "payment_intent_unexpected_state");
    const Json held = sandbox.post(path + "/confirm",
                                   "payment_method=pm_card_visa&return_url=https://shop.example");
    EXPECT_EQ(held["status"], "requires_capture");
    EXPECT_EQ(held["amount_capturable"], 2900);
    EXPECT_EQ(sandbox.refused(path + "/capture", "amount_to_capture=2901").code,
              "amount_too_large");
    const Json captured = sandbox.post(path + "/capture", "amount_to_capture=2000");
    EXPECT_EQ(captured["status"], "succeeded");
    EXPECT_EQ(captured["amount_received"], 2000);
    EXPECT_EQ(sandbox.refused(path + "/cancel", "").code, "payment_intent_unexpected_state");
    EXPECT_EQ(sandbox.refused(path + "/confirm", "").code, "payment_intent_unexpected_state");
    const Json other = sandbox.post("/v1/payment_intents", "amount=2900&currency=usd");
    EXPECT_EQ(sandbox.post("/v1/payment_intents/" + text_of(other, "id") + "/cancel",
                           "cancellation_reason=abandoned")["status"],
              "canceled");
}

// Recorded at 2025-10-29.clover: test_stripe_handles_exception_when_creating_a_charge.
TEST(PaymentIntent, RefusesLessThanTheMinimum) {
    BillingSandbox sandbox;
    const StripeError zero = sandbox.refused("/v1/payment_intents", "amount=0&currency=usd");
    EXPECT_EQ(zero.http_status, 400);
    EXPECT_EQ(zero.code, "parameter_invalid_integer");
    EXPECT_EQ(zero.param, "amount");
    EXPECT_TRUE(zero.message.starts_with(
        "The amount must be greater than or equal to the minimum charge amount allowed"));
    EXPECT_EQ(sandbox.refused("/v1/payment_intents", "amount=49&currency=usd").code,
              "amount_too_small");
}

// Recorded: test_stripe_performing_multiple_refunds_increments_total_refund_amount.
TEST(Refund, NeverGivesBackMoreThanWasPaid) {
    BillingSandbox sandbox;
    const Json intent = sandbox.post("/v1/payment_intents", pay("pm_card_visa"));
    const std::string charge = text_of(intent, "latest_charge");
    const Json first = sandbox.post("/v1/refunds", "charge=" + charge + "&amount=1000");
    EXPECT_EQ(first["status"], "succeeded");
    sandbox.post("/v1/refunds", "payment_intent=" + text_of(intent, "id") + "&amount=500");
    EXPECT_EQ(sandbox.get("/v1/charges/" + charge)["amount_refunded"], 1500);
    const StripeError too_much =
        sandbox.refused("/v1/refunds", "charge=" + charge + "&amount=1401");
    EXPECT_EQ(too_much.code, "");
    EXPECT_EQ(too_much.param, "amount");
    EXPECT_EQ(too_much.message,
              "Refund amount ($14.01) is greater than unrefunded amount on charge ($14.00)");
    const StripeError unknown = sandbox.refused("/v1/refunds", "charge=ch_nope");
    EXPECT_EQ(unknown.http_status, 404);
    EXPECT_EQ(unknown.param, "id");
    EXPECT_EQ(sandbox.post("/v1/refunds", "charge=" + charge)["amount"], 1400);
    EXPECT_EQ(sandbox.get("/v1/charges/" + charge)["refunded"], true);
    EXPECT_EQ(sandbox.refused("/v1/refunds", "charge=" + charge).code, "charge_already_refunded");
    EXPECT_EQ(sandbox.get("/v1/refunds", "charge=" + charge)["data"].size(), 3);
}

TEST(Refund, CanFailAfterwards) {
    BillingSandbox sandbox;
    const Json intent = sandbox.post("/v1/payment_intents", pay("pm_card_refundFail"));
    const Json refund = sandbox.post("/v1/refunds", "payment_intent=" + text_of(intent, "id"));
    EXPECT_EQ(refund["status"], "succeeded");
    EXPECT_EQ(sandbox.get("/v1/refunds/" + text_of(refund, "id"))["status"], "failed");
    EXPECT_EQ(sandbox.get("/v1/charges/" + text_of(intent, "latest_charge"))["amount_refunded"], 0);
}

TEST(Refund, ChangesAreToldUnderBothNames) {
    BillingSandbox sandbox;
    const Json intent = sandbox.post("/v1/payment_intents", pay("pm_card_visa"));
    const std::string path =
        "/v1/refunds/" +
        text_of(sandbox.post("/v1/refunds", "payment_intent=" + text_of(intent, "id")), "id");
    sandbox.new_events();
    EXPECT_EQ(sandbox.post(path, "metadata[order_id]=6735")["metadata"]["order_id"], "6735");
    EXPECT_THAT(sandbox.new_events(), ElementsAre("charge.refund.updated", "refund.updated"));
    EXPECT_EQ(sandbox.last_event("charge.refund.updated")["object"]["object"], "refund");
    sandbox.post(path, "metadata[order_id]=6735");
    EXPECT_THAT(sandbox.new_events(), ElementsAre());
}

// As observed in test mode in September 2026.
TEST(Refund, OfACardCannotBeCanceled) {
    BillingSandbox sandbox;
    const Json intent = sandbox.post("/v1/payment_intents", pay("pm_card_visa"));
    const std::string path =
        "/v1/refunds/" +
        text_of(sandbox.post("/v1/refunds", "payment_intent=" + text_of(intent, "id")), "id");
    EXPECT_EQ(sandbox.refused(path + "/cancel", "").message,
              "Canceling this refund is unsupported.");
    EXPECT_EQ(sandbox.get(path)["status"], "succeeded");
    EXPECT_EQ(sandbox.refused("/v1/refunds/re_none/cancel", "").http_status, 404);
}

// A charge shows the outcome of the check (the testing page: what a card's code answers), whatever
// the method said before.
TEST(PaymentIntentsOfTokens, HaveTheCodeChecked) {
    BillingSandbox sandbox;
    const std::string pay =
        "amount=500&currency=usd&confirm=true&return_url=https://shop.example"
        "&expand[]=latest_charge&payment_method";
    const std::string method =
        text_of(sandbox.post("/v1/payment_methods", "type=card&card[token]=tok_visa"), "id");
    for (const std::string& of :
         {"=" + method,
          std::string("_data[type]=card&payment_method_data[card][token]=tok_visa")}) {
        SCOPED_TRACE(of);
        const Json paid = sandbox.post("/v1/payment_intents", pay + of);
        const Json& details = paid.at("latest_charge").at("payment_method_details");
        EXPECT_EQ(details.at("card").at("checks").at("cvc_check"), "pass");
    }
    EXPECT_EQ(sandbox.get("/v1/payment_methods/" + method)["card"]["checks"]["cvc_check"], "pass");
}

}  // namespace
}  // namespace turnpike::twin
