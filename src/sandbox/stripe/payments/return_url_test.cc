#include <string>

#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

const std::string kPayments = "/v1/payment_intents", kSetups = "/v1/setup_intents";
const std::string kPayment = "amount=2000&currency=usd&";
const std::string kNever =
    "automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never&";

/// Stripe's answer of 6 April 2026 to a confirmation, quoted whole in a guide to its API; of
/// SetupIntents the first two sentences are quoted likewise.
std::string words_about(const std::string& noun) {
    return "This " + noun +
           " is configured to accept payment methods enabled in your Dashboard. Because some of "
           "these payment methods might redirect your customer off of your page, you must provide "
           "a `return_url`. If you don't want to accept redirect-based payment methods, set "
           "`automatic_payment_methods[enabled]` to `true` and "
           "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents "
           "and Payment Intents.";
}

class ReturnUrlTest : public ::testing::Test {
protected:
    void expect_refused(const std::string& path, const std::string& form, const std::string& noun) {
        SCOPED_TRACE(path + " " + form);
        const StripeError error = sandbox_.refused(path, form);
        EXPECT_EQ(error.message, words_about(noun));
        EXPECT_EQ(error.http_status, 400);
        EXPECT_EQ(error.type, "invalid_request_error");
        EXPECT_EQ(error.code, "");
        EXPECT_EQ(error.param, "");
    }
    std::string made(const std::string& path, const std::string& form) {
        return path + "/" + text_of(sandbox_.post(path, form), "id");
    }
    void expect_taken(const std::string& path, const std::string& form) {
        SCOPED_TRACE(path + " " + form);
        EXPECT_EQ(sandbox_.post(path, form)["status"], "succeeded");
    }

    BillingSandbox sandbox_;
};

// Also of a card, which redirects nobody: opencollective/opencollective-frontend#12346.
TEST_F(ReturnUrlTest, IsNeededWhereRedirectsAreAllowed) {
    const std::string card = "payment_method=pm_card_visa";
    const std::string enabled = "automatic_payment_methods[enabled]=true&";
    for (const std::string& how : {std::string(), enabled}) {
        expect_refused(kPayments, kPayment + how + "confirm=true&" + card, "PaymentIntent");
        expect_refused(kSetups, how + "confirm=true&" + card, "SetupIntent");
        expect_refused(made(kPayments, kPayment + how + card) + "/confirm", "", "PaymentIntent");
        expect_refused(made(kSetups, how + card) + "/confirm", "", "SetupIntent");
    }
    expect_refused(kPayments, kPayment + "confirm=true&return_url=&" + card, "PaymentIntent");
    EXPECT_EQ(sandbox_.get("/v1/charges")["data"].size(), 0U);
}

TEST_F(ReturnUrlTest, ARefusalShowsTheIntentAsItIs) {
    const StripeError error =
        sandbox_.refused(made(kPayments, kPayment) + "/confirm", "payment_method=pm_card_visa");
    EXPECT_EQ(error.message, words_about("PaymentIntent"));
    EXPECT_EQ(error.extra["payment_intent"]["status"], "requires_payment_method");
    EXPECT_EQ(error.extra["payment_intent"]["payment_method"], nullptr);
    const StripeError of_setup = sandbox_.refused(made(kSetups, "") + "/confirm", "");
    EXPECT_EQ(of_setup.extra["setup_intent"]["status"], "requires_payment_method");
}

TEST_F(ReturnUrlTest, IsNotNeededWhereNobodyIsRedirected) {
    const std::string card = "payment_method=pm_card_visa";
    const std::string listed = "payment_method_types[]=card&";
    for (const std::string& how : {kNever, listed}) {
        expect_taken(kPayments, kPayment + how + "confirm=true&" + card);
        expect_taken(kSetups, how + "confirm=true&" + card);
        expect_taken(made(kPayments, kPayment + how + card) + "/confirm", "");
        expect_taken(made(kSetups, how + card) + "/confirm", "");
    }
    expect_taken(made(kPayments, kPayment + card) + "/confirm", "payment_method_types[]=card");
    expect_taken(made(kPayments, kPayment + card) + "/confirm", "return_url=myapp://back");
    const std::string later = made(kSetups, card);
    sandbox_.post(later, listed.substr(0, listed.size() - 1));
    expect_taken(later + "/confirm", "");
}

// docs.stripe.com/payments/save-and-reuse, "Charge the payment method later": off_session=true and
// confirm=true, and nothing else.
TEST_F(ReturnUrlTest, IsNotNeededWithoutTheCustomer) {
    const std::string customer = sandbox_.customer();
    const std::string method =
        text_of(sandbox_.get("/v1/payment_methods", "customer=" + customer)["data"][0], "id");
    const std::string form = kPayment + "customer=" + customer + "&payment_method=" + method;
    expect_taken(kPayments, form + "&off_session=true&confirm=true");
    expect_taken(made(kPayments, form) + "/confirm", "off_session=recurring");
}

TEST_F(ReturnUrlTest, IsNotNeededForTheIntentsOfInvoicesAndSubscriptions) {
    const std::string card = "payment_method=pm_card_visa";
    const Json first = sandbox_.post("/v1/subscriptions",
                                     "customer=" + sandbox_.customer("") +
                                         "&items[0][price]=" + sandbox_.price("Starter", 2900) +
                                         "&payment_behavior=default_incomplete"
                                         "&expand[]=latest_invoice.payments");
    const Json& payment = first["latest_invoice"]["payments"]["data"][0]["payment"];
    expect_taken(kPayments + "/" + text_of(payment, "payment_intent") + "/confirm", card);
    const Json trial = sandbox_.post("/v1/subscriptions",
                                     "customer=" + sandbox_.customer("") + "&trial_period_days=14" +
                                         "&items[0][price]=" + sandbox_.price("Pro", 9900));
    expect_taken(kSetups + "/" + text_of(trial, "pending_setup_intent") + "/confirm", card);
}

}  // namespace
}  // namespace turnpike::twin
