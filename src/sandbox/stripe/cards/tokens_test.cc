#include "sandbox/stripe/cards/tokens.h"

#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

constexpr const char* kTypedCard =
    "card[number]=4242424242424242&card[exp_month]=8&card[exp_year]=2030&card[cvc]=314";

TEST(Token, IsACardForOneUse) {
    BillingSandbox sandbox;
    const Json token = sandbox.post(
        "/v1/tokens", kTypedCard + std::string("&card[name]=Ada&card[address_city]=Paris"));
    EXPECT_EQ(token["object"], "token");
    EXPECT_EQ(token["type"], "card");
    EXPECT_EQ(token["used"], false);
    EXPECT_EQ(token["card"]["last4"], "4242");
    EXPECT_EQ(token["card"]["name"], "Ada");
    EXPECT_EQ(token["card"]["address_city"], "Paris");
    const std::string id = text_of(token, "id");
    const std::string customer = sandbox.customer("");
    const Json source = sandbox.post("/v1/customers/" + customer + "/sources", "source=" + id);
    EXPECT_EQ(source["last4"], "4242");
    EXPECT_EQ(source["exp_year"], 2030);
    EXPECT_EQ(sandbox.get("/v1/tokens/" + id)["used"], true);
    const StripeError again = sandbox.refused("/v1/payment_methods", "type=card&card[token]=" + id);
    EXPECT_EQ(again.code, "token_already_used");
    EXPECT_EQ(again.message, "You cannot use a Stripe token more than once: " + id + ".");
}

TEST(Token, PaysAsAPaymentMethod) {
    BillingSandbox sandbox;
    const std::string token = text_of(sandbox.post("/v1/tokens", kTypedCard), "id");
    const Json paid =
        sandbox.post("/v1/payment_intents",
                     "amount=500&currency=usd&confirm=true&return_url=https://shop.example"
                     "&payment_method_data[type]=card"
                     "&payment_method_data[card][token]=" +
                         token);
    EXPECT_EQ(paid["status"], "succeeded");
    EXPECT_EQ(sandbox
                  .refused("/v1/tokens",
                           "card[number]=4242424242424241&card[exp_month]=8"
                           "&card[exp_year]=2030")
                  .code,
              "incorrect_number");
    EXPECT_EQ(sandbox.refused("/v1/payment_methods", "type=card&card[token]=tok_none").param,
              "card[token]");
}

}  // namespace
}  // namespace turnpike::twin
