#include "sandbox/stripe/disputes/disputes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string pay_with(const std::string& card) {
    return "amount=4200&currency=usd&confirm=true&return_url=https://shop.example&payment_method=" +
           card;
}

constexpr const char* kEscalate = "evidence[uncategorized_text]=escalate_inquiry_evidence";

/// A charge of $42.00 that its card disputes.
class DisputedCharge {
public:
    explicit DisputedCharge(const std::string& card) {
        intent_ = sandbox.post("/v1/payment_intents", pay_with(card));
        const Json list =
            sandbox.get("/v1/disputes", "payment_intent=" + text_of(intent_, "id"))["data"];
        EXPECT_EQ(list.size(), 1U);
        path = "/v1/disputes/" + text_of(list.at(0), "id");
    }
    [[nodiscard]] std::string charge() const { return text_of(intent_, "latest_charge"); }
    Json dispute() { return sandbox.get(path); }

    BillingSandbox sandbox;
    std::string path;

private:
    Json intent_;
};

// Reasons, network codes and the fee as observed in Stripe's test mode.
TEST(Disputes, AreOpenedByTheirCards) {
    struct Case {
        const char *card, *status, *case_type, *reason, *network_reason_code;
        bool withdraws;
    };
    const Case cases[] = {
        {"pm_card_createDispute", "needs_response", "chargeback", "fraudulent", "10.4", true},
        {"pm_card_createDisputeProductNotReceived", "needs_response", "chargeback",
         "product_not_received", "13.1", true},
        {"pm_card_createDisputeInquiry", "warning_needs_response", "inquiry", "fraudulent", "10",
         false},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.card);
        DisputedCharge disputed(c.card);
        const Json dispute = disputed.dispute();
        EXPECT_EQ(dispute["amount"], 4200);
        EXPECT_EQ(dispute["charge"], disputed.charge());
        EXPECT_EQ(dispute["status"], c.status);
        EXPECT_EQ(dispute["reason"], c.reason);
        EXPECT_EQ(dispute["network_reason_code"], c.network_reason_code);
        EXPECT_EQ(dispute["payment_method_details"]["card"]["case_type"], c.case_type);
        EXPECT_EQ(dispute["is_charge_refundable"], !c.withdraws);
        const Json charge = disputed.sandbox.get("/v1/charges/" + disputed.charge());
        EXPECT_EQ(charge["disputed"], true);
        EXPECT_EQ(charge["dispute"], dispute["id"]);
        ASSERT_EQ(dispute["balance_transactions"].size(), c.withdraws ? 1U : 0U);
        if (!c.withdraws) continue;
        const Json& withdrawal = dispute["balance_transactions"][0];
        EXPECT_EQ(withdrawal["amount"], -4200);
        EXPECT_EQ(withdrawal["fee"], 1500);
        EXPECT_EQ(withdrawal["net"], -5700);
    }
}

TEST(Disputes, TellOfTheMoneyThatTheyMove) {
    // In this order since test mode was recorded in September 2026.
    EXPECT_THAT(DisputedCharge("pm_card_createDispute").sandbox.new_events(),
                ElementsAre("payment_intent.created", "charge.succeeded", "charge.dispute.created",
                            "charge.dispute.funds_withdrawn", "payment_intent.succeeded",
                            "charge.updated"));
    EXPECT_THAT(DisputedCharge("pm_card_createDisputeInquiry").sandbox.new_events(),
                ElementsAre("payment_intent.created", "charge.succeeded", "charge.dispute.created",
                            "payment_intent.succeeded", "charge.updated"));
}

TEST(Disputes, OfMastercardsHaveTheirNetworksCode) {
    DisputedCharge disputed("pm_card_createEthocaAlert");
    EXPECT_EQ(disputed.dispute()["reason"], "fraudulent");
    EXPECT_EQ(disputed.dispute()["network_reason_code"], "4837");
    EXPECT_EQ(disputed.dispute()["payment_method_details"]["card"]["brand"], "mastercard");
}

TEST(Disputes, AreClosedOnce) {
    DisputedCharge disputed("pm_card_createDispute");
    disputed.sandbox.post(disputed.path + "/close");
    EXPECT_EQ(disputed.sandbox.refused(disputed.path + "/close", "").message,
              "This dispute is already closed");
}

TEST(Disputes, ThatDoNotExistAreMissedByTheirOwnName) {
    BillingSandbox sandbox;
    const auto missing = sandbox.call("GET", "/v1/disputes/du_nope", "");
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().http_status, 404);
    EXPECT_EQ(missing.error().message, "No such dispute: 'du_nope'");
    EXPECT_EQ(missing.error().param, "dispute");
}

TEST(Disputes, ComeFromTheCardsNumberAndTokenToo) {
    for (const char* card : {"card[token]=tok_createDisputeInquiry",
                             "card[number]=4000000000001976&card[exp_month]=4&card[exp_year]=2034"
                             "&card[cvc]=314"}) {
        SCOPED_TRACE(card);
        BillingSandbox sandbox;
        const Json method = sandbox.post("/v1/payment_methods", std::string("type=card&") + card);
        sandbox.post("/v1/payment_intents", pay_with(text_of(method, "id")));
        EXPECT_EQ(sandbox.get("/v1/disputes")["data"][0]["status"], "warning_needs_response");
    }
}

TEST(Disputes, WaitForTheCapture) {
    BillingSandbox sandbox;
    const Json intent = sandbox.post("/v1/payment_intents",
                                     pay_with("pm_card_createDispute") + "&capture_method=manual");
    EXPECT_THAT(sandbox.get("/v1/disputes")["data"], IsEmpty());
    sandbox.post("/v1/payment_intents/" + text_of(intent, "id") + "/capture",
                 "amount_to_capture=1200");
    EXPECT_EQ(sandbox.get("/v1/disputes")["data"][0]["amount"], 1200);
}

// 2026-03-01 and eight days: until the last second of 2026-03-09.
TEST(Disputes, WantEvidenceWithinEightDays) {
    DisputedCharge disputed("pm_card_createDispute");
    EXPECT_EQ(disputed.dispute()["evidence_details"]["due_by"],
              unix_seconds(*parse_rfc3339("2026-03-09T23:59:59Z")));
}

TEST(Disputes, KeepEvidenceBackUntilItIsSubmitted) {
    DisputedCharge disputed("pm_card_createDispute");
    disputed.sandbox.new_events();
    const Json staged = disputed.sandbox.post(
        disputed.path, "evidence[customer_name]=Ada&submit=false&metadata[order]=7");
    EXPECT_EQ(staged["status"], "needs_response");
    EXPECT_EQ(staged["evidence"]["customer_name"], "Ada");
    EXPECT_EQ(staged["evidence_details"]["has_evidence"], true);
    EXPECT_EQ(staged["evidence_details"]["submission_count"], 0);
    EXPECT_EQ(staged["metadata"]["order"], "7");
    const Json submitted = disputed.sandbox.post(disputed.path, "submit=true");
    EXPECT_EQ(submitted["status"], "under_review");
    EXPECT_EQ(submitted["evidence_details"]["submission_count"], 1);
    EXPECT_THAT(disputed.sandbox.new_events(),
                ElementsAre("charge.dispute.updated", "charge.dispute.updated"));
    const Json change = disputed.sandbox.last_event("charge.dispute.updated");
    EXPECT_EQ(change["previous_attributes"]["status"], "needs_response");
    // Only once; notes are always possible.
    disputed.sandbox.refused(disputed.path, "evidence[customer_name]=Bob");
    EXPECT_EQ(disputed.sandbox.post(disputed.path, "metadata[order]=8")["metadata"]["order"], "8");
}

TEST(Disputes, AreDecidedByTheEvidence) {
    struct Case {
        const char *card, *evidence, *answered, *ended;
        std::vector<std::string> events;
    };
    const Case cases[] = {
        {"pm_card_createDispute",
         "winning_evidence",
         "under_review",
         "won",
         {"charge.dispute.updated", "charge.dispute.funds_reinstated", "charge.dispute.closed"}},
        {"pm_card_createDispute",
         "losing_evidence",
         "under_review",
         "lost",
         {"charge.dispute.updated", "charge.dispute.closed"}},
        {"pm_card_createDisputeInquiry",
         "winning_evidence",
         "warning_under_review",
         "warning_closed",
         {"charge.dispute.updated", "charge.dispute.closed"}},
        {"pm_card_createDispute",
         "It was delivered.",
         "under_review",
         "under_review",
         {"charge.dispute.updated"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(std::string(c.card) + " " + c.evidence);
        DisputedCharge disputed(c.card);
        disputed.sandbox.new_events();
        EXPECT_EQ(
            disputed.sandbox.post(
                disputed.path, std::string("evidence[uncategorized_text]=") + c.evidence)["status"],
            c.answered);
        EXPECT_EQ(disputed.dispute()["status"], c.ended);
        EXPECT_EQ(disputed.sandbox.new_events(), c.events);
    }
}

// "Escalates the inquiry to a chargeback ... and debits your account for the amount of the dispute
// and related fees."
TEST(Disputes, GrowOutOfInquiries) {
    DisputedCharge disputed("pm_card_createDisputeInquiry");
    disputed.sandbox.new_events();
    EXPECT_EQ(disputed.sandbox.post(disputed.path, kEscalate)["status"], "warning_under_review");
    const Json dispute = disputed.dispute();
    EXPECT_EQ(dispute["status"], "needs_response");
    EXPECT_EQ(dispute["is_charge_refundable"], false);
    EXPECT_EQ(dispute["payment_method_details"]["card"]["case_type"], "chargeback");
    ASSERT_EQ(dispute["balance_transactions"].size(), 1U);
    EXPECT_EQ(dispute["balance_transactions"][0]["net"], -4200 - 1500);
    EXPECT_THAT(disputed.sandbox.new_events(),
                ElementsAre("charge.dispute.updated", "charge.dispute.updated",
                            "charge.dispute.funds_withdrawn"));
    disputed.sandbox.post(disputed.path, "evidence[uncategorized_text]=losing_evidence");
    EXPECT_EQ(disputed.dispute()["status"], "lost");
}

// Of 42.00 12.00 went back by themselves: 30.00 are left to withdraw, and to win back.
TEST(Disputes, AreAboutWhatWasNotRefunded) {
    DisputedCharge disputed("pm_card_createDisputeInquiry");
    disputed.sandbox.post("/v1/refunds", "amount=1200&charge=" + disputed.charge());
    disputed.sandbox.post(disputed.path, kEscalate);
    EXPECT_EQ(disputed.dispute()["amount"], 3000);
    EXPECT_EQ(disputed.dispute()["balance_transactions"][0]["net"], -3000 - 1500);
    disputed.sandbox.post(disputed.path, "evidence[uncategorized_text]=winning_evidence");
    EXPECT_EQ(disputed.dispute()["balance_transactions"][1]["net"], 3000 + 1500);
}

TEST(Disputes, DoNotGrowOutOfWhatWasRefundedWhole) {
    DisputedCharge disputed("pm_card_createDisputeInquiry");
    disputed.sandbox.post("/v1/refunds", "charge=" + disputed.charge());
    disputed.sandbox.post(disputed.path, kEscalate);
    EXPECT_EQ(disputed.dispute()["status"], "warning_under_review");
    EXPECT_EQ(disputed.dispute()["amount"], 4200);
    EXPECT_THAT(disputed.dispute()["balance_transactions"], IsEmpty());
}

TEST(Disputes, ThatAreChargebacksGrowNoMore) {
    DisputedCharge disputed("pm_card_createDispute");
    disputed.sandbox.post(disputed.path, kEscalate);
    EXPECT_EQ(disputed.dispute()["status"], "under_review");
    EXPECT_EQ(disputed.dispute()["balance_transactions"].size(), 1U);
}

// Observed in test mode in September 2026.
TEST(Disputes, ThatAreWonLeaveARefundPossible) {
    DisputedCharge disputed("pm_card_createDispute");
    disputed.sandbox.post(disputed.path, "evidence[uncategorized_text]=winning_evidence");
    EXPECT_EQ(disputed.dispute()["is_charge_refundable"], true);
    EXPECT_EQ(disputed.sandbox.post("/v1/refunds", "charge=" + disputed.charge())["status"],
              "succeeded");
}

// "Your account is credited the amount of the charge and related fees."
TEST(Disputes, ThatAreWonReturnMoneyAndFee) {
    DisputedCharge disputed("pm_card_createDispute");
    disputed.sandbox.post(disputed.path, "evidence[uncategorized_text]=winning_evidence");
    const Json transactions = disputed.dispute()["balance_transactions"];
    ASSERT_EQ(transactions.size(), 2U);
    EXPECT_EQ(transactions[1]["net"], 5700);
    EXPECT_EQ(integer_of(transactions[0], "net") + integer_of(transactions[1], "net"), 0);
}

TEST(Disputes, CanBeAccepted) {
    struct Case {
        const char *card, *status;
    };
    for (const Case& c : {Case{"pm_card_createDispute", "lost"},
                          Case{"pm_card_createDisputeInquiry", "warning_closed"}}) {
        SCOPED_TRACE(c.card);
        DisputedCharge disputed(c.card);
        disputed.sandbox.new_events();
        EXPECT_EQ(disputed.sandbox.post(disputed.path + "/close")["status"], c.status);
        EXPECT_THAT(disputed.sandbox.new_events(), ElementsAre("charge.dispute.closed"));
        EXPECT_EQ(disputed.sandbox.refused(disputed.path + "/close", "").http_status, 400);
    }
}

TEST(Disputes, StopRefundsOfWhatWasChargedBack) {
    DisputedCharge disputed("pm_card_createDispute");
    const StripeError error =
        disputed.sandbox.refused("/v1/refunds", "charge=" + disputed.charge());
    EXPECT_EQ(error.code, "charge_disputed");
    EXPECT_EQ(error.message,
              "Charge " + disputed.charge() + " has been charged back; cannot issue a refund.");
    DisputedCharge asked("pm_card_createDisputeInquiry");
    EXPECT_EQ(asked.sandbox.post("/v1/refunds", "charge=" + asked.charge())["status"], "succeeded");
}

TEST(Disputes, AreListedByChargeAndPayment) {
    DisputedCharge disputed("pm_card_createDispute");
    const Json other =
        disputed.sandbox.post("/v1/payment_intents", pay_with("pm_card_createDispute"));
    const auto found = [&](const std::string& query) {
        return disputed.sandbox.get("/v1/disputes", query)["data"].size();
    };
    EXPECT_EQ(found(""), 2U);
    EXPECT_EQ(found("charge=" + disputed.charge()), 1U);
    EXPECT_EQ(found("payment_intent=" + text_of(other, "id")), 1U);
    EXPECT_EQ(found("created[lt]=" + std::to_string(unix_seconds(disputed.sandbox.now()))), 0U);
}

TEST(Disputes, ExpandTheirChargeAndAreExpandedInIt) {
    DisputedCharge disputed("pm_card_createDispute");
    EXPECT_EQ(disputed.sandbox.get(disputed.path, "expand[]=charge")["charge"]["amount"], 4200);
    EXPECT_EQ(disputed.sandbox.get("/v1/charges/" + disputed.charge(),
                                   "expand[]=dispute")["dispute"]["object"],
              "dispute");
}

TEST(Disputes, KnowNoFiles) {
    DisputedCharge disputed("pm_card_createDispute");
    const StripeError error = disputed.sandbox.refused(disputed.path, "evidence[receipt]=file_1");
    EXPECT_EQ(error.message.substr(0, 29), "No such file upload: 'file_1'");
    EXPECT_EQ(error.param, "evidence[receipt]");
}

}  // namespace
}  // namespace turnpike::twin
