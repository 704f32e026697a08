#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/testing.h"

/// What Stripe.js and the mobile clients do with a publishable key. The members are those of the
/// traffic that stripe-ios recorded in July 2024 (confirmations of a PaymentIntent and of a
/// SetupIntent), and of the types of @stripe/stripe-js.
namespace turnpike::twin {
namespace {

using testing::Reply;
using testing::TwinUnderTest;
using ::testing::UnorderedElementsAre;

const http::Headers kPublishable{{"Authorization", "Bearer pk_test_abc123"}};

std::vector<std::string> members_of(const Json& object) {
    std::vector<std::string> names;
    for (const auto& [name, value] : object.items()) names.push_back(name);
    return names;
}

void expect_card_of_a_browser(const Json& method) {
    EXPECT_EQ(method.at("card").at("last4"), "4242");
    EXPECT_FALSE(method.at("card").contains("fingerprint"));
    EXPECT_FALSE(method.contains("metadata"));
    EXPECT_EQ(method.at("customer"), nullptr);
}

class BrowserCalls : public ::testing::Test {
protected:
    std::string secret_of(const Reply& made) {
        return "client_secret=" + made.body.at("client_secret").get<std::string>();
    }
    static std::string path_of(const Reply& made) {
        const auto kind = made.body.at("object").get<std::string>();
        return "/v1/" + kind + "s/" + made.body.at("id").get<std::string>();
    }
    Reply look(const std::string& target) { return twin.get(target, kPublishable); }

    TwinUnderTest twin;
    std::string customer = twin.post_id("/v1/customers", "name=Ada");
    Reply payment = twin.post("/v1/payment_intents",
                              "amount=5099&currency=usd&metadata[order]=7&customer=" + customer);
    Reply setup = twin.post("/v1/setup_intents", "metadata[order]=7&customer=" + customer);
};

TEST_F(BrowserCalls, SeeAPaymentIntentWithoutWhatIsTheSellers) {
    const auto seen = look(path_of(payment) + "?" + secret_of(payment));
    EXPECT_EQ(seen.status, 200) << seen.text;
    EXPECT_THAT(
        members_of(seen.body),
        UnorderedElementsAre(
            "id", "object", "amount", "amount_details", "automatic_payment_methods", "canceled_at",
            "cancellation_reason", "capture_method", "client_secret", "confirmation_method",
            "created", "currency", "description", "last_payment_error", "livemode", "next_action",
            "payment_method", "payment_method_configuration_details", "payment_method_types",
            "processing", "receipt_email", "setup_future_usage", "shipping", "source", "status"));
    for (const auto& [name, value] : seen.body.items())
        EXPECT_EQ(value, payment.body.at(name)) << name;
}

TEST_F(BrowserCalls, SeeASetupIntentWithoutWhatIsTheSellers) {
    const auto seen = look(path_of(setup) + "?" + secret_of(setup));
    EXPECT_EQ(seen.status, 200) << seen.text;
    EXPECT_THAT(members_of(seen.body),
                UnorderedElementsAre("id", "object", "automatic_payment_methods",
                                     "cancellation_reason", "client_secret", "created",
                                     "description", "last_setup_error", "livemode", "next_action",
                                     "payment_method", "payment_method_configuration_details",
                                     "payment_method_types", "status", "usage"));
}

TEST_F(BrowserCalls, ConfirmAPaymentIntent) {
    const http::Headers key{kPublishable.front(), {"Idempotency-Key", "once"}};
    const auto form = secret_of(payment) +
                      "&payment_method=pm_card_visa&expand[]=payment_method&return_url="
                      "http%3A%2F%2F127.0.0.1%2Fback";
    const auto paid = twin.post(path_of(payment) + "/confirm", form, key);
    EXPECT_EQ(paid.status, 200) << paid.text;
    EXPECT_EQ(paid.body.at("status"), "succeeded");
    EXPECT_FALSE(paid.body.contains("latest_charge"));
    expect_card_of_a_browser(paid.body.at("payment_method"));
    const auto again = twin.post(path_of(payment) + "/confirm", form, key);
    EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
    EXPECT_EQ(again.text, paid.text);
    EXPECT_NE(twin.get(path_of(payment)).body.at("latest_charge"), nullptr);
}

TEST_F(BrowserCalls, ConfirmASetupIntent) {
    const auto done = twin.post(path_of(setup) + "/confirm",
                                secret_of(setup) +
                                    "&payment_method=pm_card_visa&expand[]=payment_method"
                                    "&return_url=http%3A%2F%2F127.0.0.1%2Fback",
                                kPublishable);
    EXPECT_EQ(done.status, 200) << done.text;
    EXPECT_EQ(done.body.at("status"), "succeeded");
    EXPECT_FALSE(done.body.contains("customer"));
    expect_card_of_a_browser(done.body.at("payment_method"));
}

// Types of the Stripe client (PaymentIntents.confirmation_method): "All payment attempts must be
// initiated using a secret key".
TEST_F(BrowserCalls, ConfirmNothingThatIsConfirmedManually) {
    const auto manual =
        twin.post("/v1/payment_intents", "amount=5099&currency=usd&confirmation_method=manual");
    const auto refused =
        twin.post(path_of(manual) + "/confirm", secret_of(manual) + "&payment_method=pm_card_visa",
                  kPublishable);
    EXPECT_EQ(refused.status, 400) << refused.text;
    EXPECT_THAT(refused.body.at("error").at("message").get<std::string>(),
                ::testing::HasSubstr("cannot be confirmed using your publishable key"));
    EXPECT_EQ(look(path_of(manual) + "?" + secret_of(manual)).body.at("status"),
              "requires_payment_method");
}

TEST_F(BrowserCalls, ADeclineShowsNoMoreThanAnAnswer) {
    const auto declined = twin.post(path_of(payment) + "/confirm",
                                    secret_of(payment) +
                                        "&payment_method=pm_card_visa_chargeDeclined"
                                        "&return_url=http%3A%2F%2F127.0.0.1%2Fback",
                                    kPublishable);
    EXPECT_EQ(declined.status, 402) << declined.text;
    const auto& intent = declined.body.at("error").at("payment_intent");
    EXPECT_EQ(intent.at("status"), "requires_payment_method");
    for (const char* const name : {"customer", "metadata", "latest_charge"})
        EXPECT_FALSE(intent.contains(name)) << name;
    EXPECT_FALSE(declined.body.at("error").at("payment_method").at("card").contains("fingerprint"));
    const auto seen = look(path_of(payment) + "?" + secret_of(payment));
    EXPECT_FALSE(seen.body.at("last_payment_error").at("payment_method").contains("metadata"));
}

TEST_F(BrowserCalls, NeedTheIntentsOwnSecret) {
    struct Case {
        std::string target;
        int status;
        std::string param, message;
    };
    const std::string foreign = secret_of(setup);
    const std::string words =
        "The client_secret provided does not match the client_secret associated with the ";
    const Case cases[] = {
        {path_of(payment), 400, "client_secret", "Missing required param: client_secret."},
        {path_of(payment) + "?" + foreign, 400, "client_secret", words + "PaymentIntent."},
        {path_of(setup) + "?client_secret=x", 400, "client_secret", words + "SetupIntent."},
        {"/v1/payment_intents/pi_none?client_secret=x", 404, "intent",
         "No such payment_intent: 'pi_none'"},
        {path_of(payment) + "?" + secret_of(payment) + "&expand[]=customer", 400, "expand",
         "This property cannot be expanded (customer)."},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.target);
        const auto refused = look(c.target);
        EXPECT_EQ(refused.status, c.status);
        EXPECT_EQ(refused.error("type"), "invalid_request_error");
        EXPECT_EQ(refused.error("param"), c.param);
        EXPECT_EQ(refused.error("message"), c.message);
    }
    const auto unpaid = twin.post(path_of(payment) + "/confirm",
                                  foreign + "&payment_method=pm_card_visa", kPublishable);
    EXPECT_EQ(unpaid.error("message"), words + "PaymentIntent.");
    EXPECT_EQ(twin.get(path_of(payment)).body.at("status"), "requires_payment_method");
}

/// A saved card is the customer's, and whose it is is the seller's to know.
TEST_F(BrowserCalls, DoNotSeeWhoseTheCardIs) {
    const auto saved =
        twin.post_id("/v1/payment_methods/pm_card_visa/attach", "customer=" + customer);
    const auto refusing = twin.post_id("/v1/payment_methods/pm_card_chargeCustomerFail/attach",
                                       "customer=" + customer);
    const std::string form = secret_of(payment) +
                             "&expand[]=payment_method&return_url="
                             "http%3A%2F%2F127.0.0.1%2Fback&payment_method=";
    const auto declined = twin.post(path_of(payment) + "/confirm", form + refusing, kPublishable);
    EXPECT_EQ(declined.status, 402) << declined.text;
    const auto& error = declined.body.at("error");
    EXPECT_EQ(error.at("payment_method").at("customer"), nullptr);
    EXPECT_EQ(
        error.at("payment_intent").at("last_payment_error").at("payment_method").at("customer"),
        nullptr);
    const auto paid = twin.post(path_of(payment) + "/confirm", form + saved, kPublishable);
    EXPECT_EQ(paid.status, 200) << paid.text;
    expect_card_of_a_browser(paid.body.at("payment_method"));
    EXPECT_EQ(twin.get("/v1/payment_methods/" + saved).body.at("customer"), customer);
}

TEST_F(BrowserCalls, DoNotDecideHowTheSellerCollects) {
    for (const std::string name : {"off_session", "capture_method"}) {
        SCOPED_TRACE(name);
        const std::string value = name == "off_session" ? "true" : "manual";
        const auto refused =
            twin.post(path_of(payment) + "/confirm",
                      secret_of(payment) + "&payment_method=pm_card_visa&" + name + "=" + value +
                          "&return_url=http%3A%2F%2F127.0.0.1%2Fback",
                      kPublishable);
        EXPECT_EQ(refused.status, 400) << refused.text;
        EXPECT_EQ(refused.error("code"), "parameter_unknown");
        EXPECT_EQ(refused.error("param"), name);
        EXPECT_EQ(refused.error("message"), "Received unknown parameter: " + name);
    }
    EXPECT_EQ(twin.get(path_of(payment)).body.at("status"), "requires_payment_method");
}

// Stripe's 25 reads a second are an account's; here each intent is one, as no account is known.
TEST(BrowserCallsLimits, AreThoseOfOneIntent) {
    TwinUnderTest twin({}, TwinConfig::RateLimits::On);
    const auto one = twin.post("/v1/payment_intents", "amount=5099&currency=usd").body;
    const auto other = twin.post("/v1/payment_intents", "amount=5099&currency=usd").body;
    const auto look = [&](const Json& intent) {
        return twin
            .get("/v1/payment_intents/" + intent.at("id").get<std::string>() +
                     "?client_secret=" + intent.at("client_secret").get<std::string>(),
                 kPublishable)
            .status;
    };
    for (int i = 0; i < 25; ++i) EXPECT_EQ(look(one), 200);
    EXPECT_EQ(look(one), 429);
    EXPECT_EQ(look(other), 200);
}

// Observed as 403 since 2023 (seatreg#97, lago-api#3650); it was 401 in 2016.
TEST_F(BrowserCalls, DoNothingElse) {
    const std::string secret = "?" + secret_of(payment);
    for (const std::string& target :
         {std::string("/v1/account"), "/v1/customers/" + customer + secret,
          "/v1/payment_intents" + secret, "/v1/setup_intents" + secret}) {
        SCOPED_TRACE(target);
        const auto refused = look(target);
        EXPECT_EQ(refused.status, 403);
        EXPECT_EQ(refused.error("code"), "secret_key_required");
        EXPECT_NE(refused.header("Request-Id"), "");
    }
    for (const char* const end : {"", "/cancel", "/capture"})
        EXPECT_EQ(twin.post(path_of(payment) + end, secret_of(payment), kPublishable).status, 403);
    EXPECT_EQ(look("/v1/account").status, 403);
    EXPECT_EQ(twin.get(path_of(payment) + secret, {{"Authorization", "Bearer pk_live_abc"}}).status,
              401);
}

}  // namespace
}  // namespace turnpike::twin
