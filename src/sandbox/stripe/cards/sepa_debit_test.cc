#include "sandbox/stripe/cards/sepa_debit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/testing/billing_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;

constexpr const char* kBob = "&billing_details[name]=Bob&billing_details[email]=bob@example.com";

std::string debit_method(BillingSandbox& sandbox, const std::string& iban) {
    return text_of(
        sandbox.post("/v1/payment_methods", "type=sepa_debit&sepa_debit[iban]=" + iban + kBob),
        "id");
}

Json start_payment(BillingSandbox& sandbox, const std::string& iban) {
    return sandbox.post("/v1/payment_intents",
                        "amount=1000&currency=eur&confirm=true&return_url=https://"
                        "shop.example&payment_method_types[]=sepa_debit"
                        "&payment_method=" +
                            debit_method(sandbox, iban));
}

TEST(SepaDebit, IsAPaymentMethodByIban) {
    BillingSandbox sandbox;
    const Json method = sandbox.post(
        "/v1/payment_methods",
        std::string("type=sepa_debit&sepa_debit[iban]=at61 1904 3002 3457 3201") + kBob);
    EXPECT_EQ(text_of(method, "type"), "sepa_debit");
    const Json& debit = method.at("sepa_debit");
    EXPECT_EQ(text_of(debit, "last4"), "3201");
    EXPECT_EQ(text_of(debit, "country"), "AT");
    EXPECT_EQ(text_of(debit, "bank_code"), "19043");
    EXPECT_FALSE(method.contains("card"));
    const Json italian = sandbox.post(
        "/v1/payment_methods",
        std::string("type=sepa_debit&sepa_debit[iban]=IT60X0542811101000000123456") + kBob);
    EXPECT_EQ(text_of(italian.at("sepa_debit"), "bank_code"), "05428");
    EXPECT_EQ(text_of(italian.at("sepa_debit"), "branch_code"), "11101");
}

TEST(SepaDebit, EveryTestAccountIsAnIban) {
    BillingSandbox sandbox;
    for (const auto& account : test_bank_accounts())
        EXPECT_NE(debit_method(sandbox, std::string(account.iban)), "");
}

TEST(SepaDebit, RefusesWhatCannotBeDebited) {
    BillingSandbox sandbox;
    const struct {
        const char* form;
        const char* param;
        const char* message;
    } cases[] = {
        {"type=sepa_debit", "sepa_debit", "Missing required param: sepa_debit."},
        {"type=sepa_debit&sepa_debit[x]=1", "sepa_debit[iban]",
         "Missing required param: sepa_debit[iban]."},
        // The last digit is wrong.
        {"type=sepa_debit&sepa_debit[iban]=AT611904300234573202", "sepa_debit[iban]",
         "The IBAN you provided is invalid."},
        {"type=sepa_debit&sepa_debit[iban]=12", "sepa_debit[iban]",
         "The IBAN you provided is invalid."},
        {"type=sepa_debit&sepa_debit[iban]=AT611904300234573201&billing_details[email]=b@c.de",
         "billing_details[name]", "Missing required param: billing_details[name]."},
        {"type=sepa_debit&sepa_debit[iban]=AT611904300234573201&billing_details[name]=B",
         "billing_details[email]", "Missing required param: billing_details[email]."},
        {"type=klarna", "type",
         "This sandbox does not have payment methods of the type klarna: it knows card and "
         "sepa_debit."},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.form);
        const StripeError error = sandbox.refused("/v1/payment_methods", c.form);
        EXPECT_EQ(error.param, c.param);
        EXPECT_EQ(error.message, c.message);
    }
    // A good IBAN of somebody's (https://en.wikipedia.org/wiki/International_Bank_Account_Number).
    EXPECT_THAT(
        sandbox
            .refused("/v1/payment_methods",
                     std::string("type=sepa_debit&sepa_debit[iban]=GB82WEST12345698765432") + kBob)
            .message,
        ::testing::HasSubstr("does not know the bank account"));
}

TEST(SepaDebit, IsProcessedUntilTheBankAnswers) {
    const struct {
        const char* iban;
        std::chrono::seconds answers;
        const char* status;
        const char* event;
    } cases[] = {
        {"AT611904300234573201", std::chrono::seconds(1), "succeeded", "payment_intent.succeeded"},
        {"AT321904300235473204", std::chrono::minutes(3), "succeeded", "payment_intent.succeeded"},
        {"AT861904300235473202", std::chrono::seconds(1), "requires_payment_method",
         "payment_intent.payment_failed"},
        {"AT051904300235473205", std::chrono::minutes(3), "requires_payment_method",
         "payment_intent.payment_failed"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.iban);
        BillingSandbox sandbox;
        const Json begun = start_payment(sandbox, c.iban);
        EXPECT_EQ(text_of(begun, "status"), "processing");
        const std::string path = "/v1/payment_intents/" + text_of(begun, "id");
        const std::string charge = "/v1/charges/" + text_of(begun, "latest_charge");
        EXPECT_EQ(text_of(sandbox.get(charge), "status"), "pending");
        EXPECT_FALSE(flag_of(sandbox.get(charge), "paid"));
        EXPECT_THAT(sandbox.new_events(), ElementsAre("payment_intent.created", "charge.pending",
                                                      "payment_intent.processing"));
        const Instant started = sandbox.now();
        sandbox.run_until(started + c.answers - std::chrono::milliseconds(1));
        EXPECT_EQ(text_of(sandbox.get(path), "status"), "processing");
        sandbox.run_until(started + c.answers);
        EXPECT_EQ(text_of(sandbox.get(path), "status"), c.status);
        const bool paid = std::string(c.status) == "succeeded";
        EXPECT_EQ(integer_of(sandbox.get(path), "amount_received"), paid ? 1000 : 0);
        EXPECT_EQ(text_of(sandbox.get(charge), "status"), paid ? "succeeded" : "failed");
        EXPECT_THAT(sandbox.new_events(),
                    ElementsAre(paid ? "charge.succeeded" : "charge.failed", c.event));
        sandbox.run_until(started + std::chrono::hours(1));
        EXPECT_THAT(sandbox.new_events(), ElementsAre());
    }
}

TEST(SepaDebit, SaysWhyTheBankRefused) {
    BillingSandbox sandbox;
    const Json begun = start_payment(sandbox, "AT981904300002222227");
    sandbox.run_until(sandbox.now() + std::chrono::seconds(1));
    const Json failed = sandbox.get("/v1/payment_intents/" + text_of(begun, "id"));
    EXPECT_EQ(text_of(failed.at("last_payment_error"), "code"), "insufficient_funds");
    const Json charge = sandbox.get("/v1/charges/" + text_of(begun, "latest_charge"));
    EXPECT_EQ(text_of(charge, "failure_code"), "insufficient_funds");
    EXPECT_FALSE(flag_of(charge, "captured"));
    EXPECT_EQ(text_of(charge.at("payment_method_details"), "type"), "sepa_debit");
}

TEST(SepaDebit, IsForEurosAndForIntentsThatTakeIt) {
    BillingSandbox sandbox;
    const std::string method = debit_method(sandbox, "AT611904300234573201");
    EXPECT_EQ(sandbox
                  .refused("/v1/payment_intents",
                           "amount=1000&currency=usd&confirm=true&return_url=https://"
                           "shop.example&payment_method_types[]=sepa_debit"
                           "&payment_method=" +
                               method)
                  .param,
              "currency");
    EXPECT_EQ(sandbox
                  .refused("/v1/payment_intents",
                           "amount=1000&currency=eur&confirm=true&return_url=https://"
                           "shop.example&payment_method=" +
                               method)
                  .param,
              "payment_method");
    EXPECT_EQ(sandbox
                  .refused("/v1/payment_intents",
                           "amount=1000&currency=eur&confirm=true&return_url=https://"
                           "shop.example&payment_method_types[]=sepa_debit"
                           "&payment_method=pm_card_visa")
                  .param,
              "payment_method");
}

// A debit is one step: what it takes cannot be authorized first and captured later.
TEST(SepaDebit, IsNotCapturedByHand) {
    BillingSandbox sandbox;
    const std::string intents = "/v1/payment_intents";
    const std::string manual = "&capture_method=manual";
    const std::string debit = "&payment_method_types[]=sepa_debit";
    const std::string form = "amount=1000&currency=eur";
    const Json later = sandbox.post(intents, form + debit);
    const Json by_hand = sandbox.post(intents, form + manual);
    const struct {
        std::string path, form;
    } cases[] = {
        {intents, form + manual + debit},
        {intents, form + manual + debit + "&payment_method_types[]=card"},
        {intents + "/" + text_of(later, "id"), manual.substr(1)},
        {intents + "/" + text_of(later, "id") + "/confirm",
         "payment_method=" + debit_method(sandbox, "AT611904300234573201") + manual},
        {intents + "/" + text_of(by_hand, "id"), debit.substr(1)},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.path + " " + c.form);
        const StripeError error = sandbox.refused(c.path, c.form);
        EXPECT_EQ(error.code, "payment_intent_invalid_parameter");
        EXPECT_EQ(error.param, "capture_method");
        EXPECT_EQ(error.message,
                  "The payment method type \"sepa_debit\" does not support manual capture.");
    }
    EXPECT_EQ(sandbox.rows("objects WHERE kind = 'charge'"), 0);
}

TEST(SepaDebit, CannotBeTakenBackWhileTheBankThinks) {
    BillingSandbox sandbox;
    const Json begun = start_payment(sandbox, "AT611904300234573201");
    EXPECT_EQ(sandbox.refused("/v1/payment_intents/" + text_of(begun, "id") + "/cancel", "").code,
              "payment_intent_unexpected_state");
}

}  // namespace
}  // namespace turnpike::twin
