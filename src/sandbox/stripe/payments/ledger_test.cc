#include "sandbox/stripe/payments/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;

std::string pay(BillingSandbox& sandbox, const std::string& form) {
    return text_of(
        sandbox.post(
            "/v1/payment_intents",
            "confirm=true&return_url=https://shop.example&payment_method=pm_card_visa&" + form),
        "latest_charge");
}

// Recorded at 2025-10-29.clover and 2026-03-25.dahlia: amount and fee of seven charges.
TEST(Ledger, TakesTheRecordedFees) {
    const std::pair<std::int64_t, std::int64_t> recorded[] = {
        {950, 58},   {1000, 59},  {1900, 85},   {2250, 95},
        {2500, 103}, {2900, 114}, {22500, 683}, {25000, 755}};
    BillingSandbox sandbox;
    for (const auto& [amount, fee] : recorded) {
        const std::string charge =
            pay(sandbox, "currency=usd&description=Ink&amount=" + std::to_string(amount));
        const Json transaction = sandbox.get("/v1/charges/" + charge,
                                             "expand[]=balance_transaction")["balance_transaction"];
        EXPECT_EQ(transaction["amount"], amount);
        EXPECT_EQ(transaction["fee"], fee);
        EXPECT_EQ(transaction["net"], amount - fee);
        EXPECT_EQ(transaction["fee_details"][0]["description"], "Stripe processing fees");
        EXPECT_EQ(transaction["description"], "Ink");
        EXPECT_EQ(transaction["source"], charge);
        EXPECT_EQ(transaction["type"], "charge");
        EXPECT_EQ(transaction["status"], "pending");
        // 2026-03-01T12:00:00Z and seven days, at midnight: 2026-03-08T00:00:00Z.
        EXPECT_EQ(transaction["available_on"], 1'772'928'000);
    }
}

// Stripe's testing page: "The US charge succeeds. Funds are added directly to your available
// balance, bypassing your pending balance."
TEST(Ledger, MakesPaymentsOfTwoCardsAvailableAtOnce) {
    BillingSandbox sandbox;
    for (const char* card : {"pm_card_bypassPending", "pm_card_bypassPendingInternational"}) {
        SCOPED_TRACE(card);
        const Json paid = sandbox.post(
            "/v1/payment_intents",
            std::string("confirm=true&currency=usd&amount=1000&payment_method=") + card +
                "&payment_method_types[]=card&expand[]=latest_charge.balance_transaction");
        const Json& transaction = paid["latest_charge"]["balance_transaction"];
        EXPECT_EQ(transaction["status"], "available");
        EXPECT_EQ(transaction["available_on"], transaction["created"]);
    }
    const Json balance = sandbox.get("/v1/balance");
    EXPECT_EQ(balance["available"][0]["amount"], 2 * 941);
    EXPECT_EQ(balance["pending"][0]["amount"], 0);
}

TEST(Ledger, AddsUpToTheBalance) {
    BillingSandbox sandbox;
    const std::string charge = pay(sandbox, "currency=usd&amount=1000");
    pay(sandbox, "currency=eur&amount=500");
    const auto sums = [&](const std::string& of) {
        std::vector<std::string> all;
        for (const Json& entry : sandbox.get("/v1/balance")[of])
            all.push_back(text_of(entry, "currency") + " " +
                          std::to_string(integer_of(entry, "amount")));
        return all;
    };
    EXPECT_THAT(sums("pending"), ElementsAre("eur 500", "usd 941"));
    EXPECT_THAT(sums("available"), ElementsAre("eur 0", "usd 0"));
    const Json refund = sandbox.post("/v1/refunds", "amount=400&charge=" + charge);
    EXPECT_THAT(sums("available"), ElementsAre("eur 0", "usd -400"));
    sandbox.set_now(sandbox.now() + std::chrono::days(7));
    EXPECT_THAT(sums("available"), ElementsAre("eur 500", "usd 541"));
    EXPECT_THAT(sums("pending"), ElementsAre("eur 0", "usd 0"));

    const Json all = sandbox.get("/v1/balance_transactions", "currency=usd");
    ASSERT_EQ(all["data"].size(), 2U);
    EXPECT_EQ(all["data"][0]["id"], refund["balance_transaction"]);
    EXPECT_EQ(all["data"][0]["type"], "refund");
    EXPECT_EQ(all["data"][1]["status"], "available");
    EXPECT_EQ(sandbox.get("/v1/balance_transactions", "source=" + charge)["data"].size(), 1U);
    EXPECT_EQ(sandbox.get("/v1/balance_transactions", "type=refund")["data"].size(), 1U);
    EXPECT_EQ(
        sandbox.get("/v1/balance_transactions/" + text_of(refund, "balance_transaction"))["amount"],
        -400);
}

TEST(Ledger, BooksWhatIsCapturedAndWhatComesBack) {
    BillingSandbox sandbox;
    const std::string charge = pay(sandbox, "currency=usd&amount=2900&capture_method=manual");
    EXPECT_EQ(sandbox.get("/v1/charges/" + charge)["balance_transaction"], nullptr);
    sandbox.post("/v1/charges/" + charge + "/capture", "amount=2000");
    const Json captured = sandbox.get("/v1/charges/" + charge, "expand[]=balance_transaction");
    EXPECT_EQ(captured["balance_transaction"]["amount"], 2000);
    // 2 000 of 2 900 were captured: the rest is released, and 2 000 can still be given back.
    EXPECT_EQ(captured["amount_refunded"], 900);
    EXPECT_EQ(captured["refunded"], false);
    EXPECT_EQ(sandbox.post("/v1/refunds", "charge=" + charge)["amount"], 2000);
    EXPECT_EQ(sandbox.get("/v1/charges/" + charge)["refunded"], true);

    const Json failing =
        sandbox.post("/v1/payment_intents",
                     "confirm=true&return_url=https://"
                     "shop.example&payment_method=pm_card_refundFail&currency=usd&amount=1000");
    const Json refund = sandbox.post("/v1/refunds", "payment_intent=" + text_of(failing, "id"));
    const Json failed =
        sandbox.get("/v1/refunds/" + text_of(refund, "id"), "expand[]=failure_balance_transaction");
    EXPECT_EQ(failed["failure_balance_transaction"]["amount"], 1000);
    EXPECT_EQ(failed["failure_balance_transaction"]["type"], "refund_failure");
}

// Specification 1.7: refund.created, charge.refunded, charge.updated.
TEST(Ledger, IsHeardOfInCharges) {
    BillingSandbox sandbox;
    const std::string charge = pay(sandbox, "currency=usd&amount=1000");
    EXPECT_THAT(sandbox.new_events(), ElementsAre("payment_intent.created", "charge.succeeded",
                                                  "payment_intent.succeeded", "charge.updated"));
    EXPECT_EQ(sandbox.last_event("charge.updated")["previous_attributes"],
              Json({{"balance_transaction", nullptr}}));
    sandbox.post("/v1/refunds", "charge=" + charge);
    EXPECT_THAT(sandbox.new_events(),
                ElementsAre("refund.created", "charge.refunded", "charge.updated"));
    EXPECT_EQ(sandbox.last_event("charge.refunded")["previous_attributes"]["amount_refunded"], 0);
}

TEST(Charge, IsChangedByItsSeller) {
    BillingSandbox sandbox;
    const std::string path = "/v1/charges/" + pay(sandbox, "currency=usd&amount=1000");
    sandbox.new_events();
    const Json changed =
        sandbox.post(path,
                     "description=Ink&metadata[order]=7&fraud_details[user_report]=safe"
                     "&receipt_email=a%40b.co&shipping[name]=Ada&shipping[address][line1]=Main+St");
    EXPECT_EQ(changed["description"], "Ink");
    EXPECT_EQ(changed["metadata"]["order"], "7");
    EXPECT_EQ(changed["fraud_details"]["user_report"], "safe");
    EXPECT_EQ(changed["shipping"]["address"]["line1"], "Main St");
    EXPECT_THAT(sandbox.new_events(), ElementsAre("charge.updated"));
    EXPECT_EQ(sandbox.refused(path + "/capture", "").code, "charge_already_captured");
    EXPECT_EQ(sandbox.refused("/v1/charges/ch_none", "description=x").http_status, 404);
}

}  // namespace
}  // namespace turnpike::twin
