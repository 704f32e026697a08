#include "sandbox/stripe/payments/intent_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/payments/payment_intents.h"
#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

StripeError refusal_of(const std::string& form) {
    BillingSandbox sandbox;
    return sandbox.refused("/v1/payment_intents", form);
}

// docs.stripe.com/currencies: ISK and UGX have two decimals, which are 00; of three the last is 0.
TEST(IntentAmount, HasNoFractionThatItsCurrencyLacks) {
    struct Case {
        const char* currency;
        const char* wrong;
        const char* right;
    };
    const Case cases[] = {{"isk", "50050", "50000"}, {"ugx", "500010", "500000"},
                          {"kwd", "5125", "5120"},   {"bhd", "5001", "5010"},
                          {"jod", "5009", "5000"},   {"omr", "5001", "5000"},
                          {"tnd", "5001", "5000"}};
    for (const auto& c : cases) {
        SCOPED_TRACE(c.currency);
        BillingSandbox sandbox;
        const std::string currency = "&currency=" + std::string(c.currency);
        const StripeError error =
            sandbox.refused("/v1/payment_intents", "amount=" + std::string(c.wrong) + currency);
        EXPECT_EQ(error.code, "invalid_charge_amount");
        EXPECT_EQ(error.param, "amount");
        const Json paid = sandbox.post(
            "/v1/payment_intents",
            "amount=" + std::string(c.right) + currency +
                "&confirm=true&return_url=https://shop.example&payment_method=pm_card_visa");
        EXPECT_EQ(paid["status"], "succeeded");
        EXPECT_EQ(
            sandbox.refused("/v1/refunds", "payment_intent=" + text_of(paid, "id") + "&amount=1")
                .code,
            "invalid_charge_amount");
    }
}

// docs.stripe.com/currencies, "Minimum and maximum charge amounts".
TEST(IntentAmount, IsBetweenTheLeastAndTheMost) {
    const std::pair<const char*, std::int64_t> least[] = {
        {"usd", 50},   {"gbp", 30},    {"jpy", 50},  {"mxn", 1000}, {"aed", 200},
        {"czk", 1500}, {"huf", 17500}, {"hkd", 400}, {"myr", 200},  {"ron", 200},
        {"thb", 1000}, {"bgn", 100},   {"sek", 300}, {"dkk", 250},  {"pln", 200}};
    for (const auto& [currency, amount] : least) {
        SCOPED_TRACE(currency);
        const std::string with = "&currency=" + std::string(currency);
        EXPECT_EQ(refusal_of("amount=" + std::to_string(amount - 1) + with).code,
                  "amount_too_small");
        BillingSandbox sandbox;
        sandbox.post("/v1/payment_intents", "amount=" + std::to_string(amount) + with);
    }
    EXPECT_EQ(refusal_of("amount=100000000&currency=usd").message,
              "Amount must be no more than $999,999.99");
    EXPECT_EQ(refusal_of("amount=100000000&currency=vnd").message,
              "Amount must be no more than VND 99,999,999");
}

TEST(IntentTypes, AreThoseThatStripeAndTheSandboxHave) {
    const StripeError foo = refusal_of("amount=500&currency=usd&payment_method_types[]=foo");
    EXPECT_EQ(foo.code, "payment_intent_invalid_parameter");
    EXPECT_EQ(foo.param, "payment_method_types");
    EXPECT_THAT(foo.message,
                StartsWith("The payment method type \"foo\" is invalid. Please ensure the provided "
                           "type is activated in your dashboard"));
    EXPECT_EQ(refusal_of("amount=500&currency=usd&payment_method_types[]=klarna").message,
              "This sandbox does not have the payment method type \"klarna\": it knows card and "
              "sepa_debit of PaymentIntents.");
    EXPECT_THAT(refusal_of("amount=500&currency=usd&payment_method_types[]=sepa_debit").message,
                HasSubstr("The currency provided (usd) is invalid for one or more payment method "
                          "types on this PaymentIntent."));
    BillingSandbox sandbox;
    const Json intent = sandbox.post("/v1/payment_intents",
                                     "amount=500&currency=eur&payment_method_types[]=sepa_debit");
    EXPECT_EQ(intent["automatic_payment_methods"], nullptr);
    EXPECT_EQ(sandbox.refused("/v1/payment_intents/" + text_of(intent, "id"), "currency=usd").param,
              "currency");
}

TEST(IntentSettings, ComeWithAnUpdateOrAConfirmationToo) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer("");
    const std::string path =
        "/v1/payment_intents/" +
        text_of(sandbox.post("/v1/payment_intents", "amount=500&currency=usd"), "id");
    const Json updated = sandbox.post(
        path, "amount=600&currency=eur&customer=" + customer + "&payment_method=pm_card_visa");
    EXPECT_EQ(updated["amount"], 600);
    EXPECT_EQ(updated["currency"], "eur");
    EXPECT_EQ(updated["customer"], customer);
    EXPECT_EQ(updated["status"], "requires_confirmation");
    EXPECT_EQ(sandbox.post(path, "payment_method=")["status"], "requires_payment_method");
    const Json paid = sandbox.post(
        path + "/confirm",
        "payment_method_data[type]=card&payment_method_data[card][token]=tok_visa"
        "&return_url=https://"
        "shop.example&setup_future_usage=off_session&receipt_email=a%40b.co&shipping[name]=Ada"
        "&shipping[address][line1]=Main+St");
    EXPECT_EQ(paid["status"], "succeeded");
    EXPECT_EQ(paid["receipt_email"], "a@b.co");
    EXPECT_EQ(paid["shipping"]["name"], "Ada");
    EXPECT_EQ(sandbox.get("/v1/payment_methods/" + text_of(paid, "payment_method"))["customer"],
              customer);
}

TEST(IntentSettings, RefuseMethodsOfOthers) {
    BillingSandbox sandbox;
    const std::string customer = sandbox.customer("pm_card_visa");
    const Json methods = sandbox.get("/v1/payment_methods", "customer=" + customer);
    const std::string method = text_of(methods["data"][0], "id");
    const std::string words =
        "The `payment_method` parameter supplied " + method + " belongs to the Customer " +
        customer +
        ". Please include the Customer in the `customer` parameter on the PaymentIntent.";
    const std::string some = "amount=500&currency=usd";
    EXPECT_EQ(sandbox.refused("/v1/payment_intents", some + "&payment_method=" + method).message,
              words);
    const auto refused_of = [&](const std::string& form) {
        const Json intent =
            sandbox.post("/v1/payment_intents", some + "&payment_method_types[]=card" + form);
        const StripeError error =
            sandbox.refused("/v1/payment_intents/" + text_of(intent, "id") + "/confirm",
                            "payment_method=" + method);
        EXPECT_EQ(error.http_status, 400);
        EXPECT_EQ(error.extra["payment_intent"]["id"], intent["id"]);
        return error;
    };
    const StripeError nobodys = refused_of("");
    EXPECT_EQ(nobodys.message, words);
    EXPECT_EQ(nobodys.code, "parameter_missing");
    EXPECT_EQ(nobodys.param, "source");
    const std::string other = sandbox.customer("");
    const StripeError not_theirs = refused_of("&customer=" + other);
    EXPECT_EQ(not_theirs.message, "The PaymentMethod " + method +
                                      " does not belong to the Customer you supplied " + other +
                                      ". Please use this PaymentMethod with the Customer that it "
                                      "belongs to instead.");
    EXPECT_EQ(not_theirs.param, "payment_method");
    EXPECT_THAT(sandbox
                    .refused("/v1/payment_intents",
                             "amount=500&currency=usd&confirm=true&off_session=true"
                             "&setup_future_usage=off_session&customer=" +
                                 customer + "&payment_method=" + method)
                    .message,
                StartsWith("You cannot confirm with `off_session=true` when "
                           "`setup_future_usage` is also set"));
}

TEST(IntentSettings, RefuseMethodsThatAreUsedUp) {
    BillingSandbox sandbox;
    const std::string used =
        text_of(sandbox.post("/v1/payment_methods", "type=card&card[token]=tok_visa"), "id");
    const std::string pay =
        "amount=500&currency=usd&confirm=true&return_url=https://shop.example&payment_method=";
    sandbox.post("/v1/payment_intents", pay + used);
    EXPECT_THAT(sandbox.refused("/v1/payment_intents", pay + used).message,
                StartsWith("The provided PaymentMethod was previously used with a PaymentIntent "
                           "without Customer attachment"));
    const std::string customer = sandbox.customer("pm_card_visa");
    EXPECT_EQ(
        sandbox.refused("/v1/payment_methods/" + used + "/attach", "customer=" + customer).code,
        "payment_method_unexpected_state");
    const Json methods = sandbox.get("/v1/payment_methods", "customer=" + customer);
    const std::string detached = text_of(methods["data"][0], "id");
    sandbox.post("/v1/payment_methods/" + detached + "/detach");
    const std::string again = "confirm=true&return_url=https://shop.example&customer=" + customer +
                              "&payment_method=" + detached;
    for (const auto& [path, form] :
         {std::pair("/v1/payment_intents", again + "&amount=500&currency=usd"),
          std::pair("/v1/setup_intents", again)})
        EXPECT_THAT(sandbox.refused(path, form).message,
                    StartsWith("The provided PaymentMethod was previously used"));
}

// Stripe's words, as people quote them for return_url and mandate_data.
TEST(IntentSettings, WhatOnlyAConfirmationTakesIsRefusedWithoutOne) {
    BillingSandbox sandbox;
    const std::string online = "mandate_data[customer_acceptance][type]=offline";
    for (const std::string& form :
         {std::string("return_url=https://shop.example/"), std::string("off_session=true"), online,
          std::string("error_on_requires_action=true")}) {
        const std::string some = "amount=500&currency=usd&" + form;
        const std::string name = form.substr(0, form.find_first_of("=["));
        SCOPED_TRACE(name);
        const StripeError error = refusal_of(some);
        EXPECT_EQ(error.message, "The parameter `" + name +
                                     "` cannot be passed when creating a PaymentIntent unless "
                                     "`confirm` is set to true.");
        EXPECT_EQ(error.param, name);
        EXPECT_EQ(error.code, "payment_intent_invalid_parameter");
        sandbox.post("/v1/payment_intents", some +
                                                "&confirm=true&payment_method_types[]=card"
                                                "&payment_method=pm_card_visa");
    }
    for (const std::string& form : {std::string("return_url=https://shop.example/"), online}) {
        const StripeError error = sandbox.refused("/v1/setup_intents", form);
        EXPECT_EQ(error.code, "setup_intent_invalid_parameter");
        EXPECT_THAT(error.message, ::testing::EndsWith("when creating a SetupIntent unless "
                                                       "`confirm` is set to true."));
    }
}

TEST(IntentSettings, AreReadAsWhatTheyAre) {
    const std::string some = "amount=500&currency=usd&";
    EXPECT_EQ(refusal_of(some + "receipt_email=foo").message, "Invalid email address: foo");
    EXPECT_EQ(refusal_of(some + "return_url=foo").message, "Not a valid URL");
    EXPECT_EQ(refusal_of(some + "statement_descriptor=12345678901234567890123").param,
              "statement_descriptor");
    EXPECT_EQ(refusal_of(some + "off_session=maybe").param, "off_session");
    EXPECT_EQ(refusal_of(some + "payment_method_data[type]=klarna").param,
              "payment_method_data[type]");
    EXPECT_EQ(refusal_of(some + "payment_method_data[type]=card&payment_method_data[card][token]="
                                "tok_visa&payment_method=pm_card_visa")
                  .message,
              "You may only specify one of these parameters: payment_method, "
              "payment_method_data.");
}

TEST(PaymentLists, AreOfWhatExists) {
    BillingSandbox sandbox;
    const std::pair<const char*, const char*> cases[] = {
        {"/v1/payment_intents", "customer"}, {"/v1/charges", "customer"},
        {"/v1/charges", "payment_intent"},   {"/v1/refunds", "charge"},
        {"/v1/refunds", "payment_intent"},   {"/v1/setup_intents", "customer"}};
    for (const auto& [path, param] : cases) {
        const auto answer = sandbox.call("GET", path, std::string(param) + "=x_none");
        ASSERT_FALSE(answer) << path << " " << param;
        EXPECT_EQ(answer.error().http_status, 400);
        EXPECT_EQ(answer.error().message, "No such " + std::string(param) + ": 'x_none'");
        EXPECT_EQ(answer.error().param, param);
    }
}

// "manual: Payment Intent must be explicitly confirmed using a secret key" (reference): after the
// bank's question it waits for its next confirmation, which asks no more.
TEST(ConfirmationMethod, ManualWaitsForTheServerAfterTheQuestion) {
    BillingSandbox sandbox;
    const Json asks =
        sandbox.post("/v1/payment_intents",
                     "amount=500&currency=usd&confirmation_method=manual&confirm=true"
                     "&payment_method=pm_card_authenticationRequired&payment_method_types[]=card");
    EXPECT_EQ(asks["confirmation_method"], "manual");
    EXPECT_EQ(asks["status"], "requires_action");
    const std::string path = "/v1/payment_intents/" + text_of(asks, "id");
    sandbox.in_transaction([&](Context& ctx) {
        authenticate_payment_intent(ctx, *ctx.find("payment_intent", text_of(asks, "id")),
                                    Authenticated::Yes);
        return true;
    });
    EXPECT_EQ(sandbox.get(path)["status"], "requires_confirmation");
    EXPECT_EQ(sandbox.post(path + "/confirm")["status"], "succeeded");
}

TEST(ErrorOnRequiresAction, FailsThePaymentInstead) {
    BillingSandbox sandbox;
    const StripeError error = sandbox.refused(
        "/v1/payment_intents",
        "amount=500&currency=usd&confirm=true&error_on_requires_action=true"
        "&payment_method=pm_card_authenticationRequired&payment_method_types[]=card");
    EXPECT_EQ(error.http_status, 402);
    EXPECT_EQ(error.code, "authentication_required");
    const std::string id = text_of(error.extra["payment_intent"], "id");
    EXPECT_EQ(sandbox.get("/v1/payment_intents/" + id)["status"], "requires_payment_method");
}

}  // namespace
}  // namespace turnpike::twin
