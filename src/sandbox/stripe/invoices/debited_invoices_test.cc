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
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// https://docs.stripe.com/payments/sepa-debit/accept-a-payment, "Test your integration".
constexpr const char* kPays = "AT611904300234573201";
constexpr const char* kPaysLate = "AT321904300235473204";
constexpr const char* kFails = "AT861904300235473202";

/// Monthly subscriptions for 15 euros, charged to bank accounts.
class DebitedInvoiceTest : public ::testing::Test {
protected:
    std::string account(const std::string& iban) {
        return text_of(sandbox_.post("/v1/payment_methods",
                                     "type=sepa_debit&billing_details[name]=Bob"
                                     "&billing_details[email]=b@example.com&sepa_debit[iban]=" +
                                         iban),
                       "id");
    }
    /// A customer whose default method is this account.
    std::string debtor(const std::string& iban) {
        std::string customer = sandbox_.customer("");
        choose(customer, iban);
        return customer;
    }
    void choose(const std::string& customer, const std::string& iban) {
        const std::string method = account(iban);
        sandbox_.post("/v1/payment_methods/" + method + "/attach", "customer=" + customer);
        sandbox_.post("/v1/customers/" + customer,
                      "invoice_settings[default_payment_method]=" + method);
    }
    Json subscribe(const std::string& customer, const std::string& more = "") {
        return sandbox_.post("/v1/subscriptions", "customer=" + customer +
                                                      "&items[0][price]=" + monthly_ +
                                                      "&expand[]=latest_invoice.payments" + more);
    }
    Json again(const Json& subscription) {
        return sandbox_.get("/v1/subscriptions/" + text_of(subscription, "id"),
                            "expand[]=latest_invoice.payments");
    }
    Json intent_of(const Json& invoice) {
        return sandbox_.get("/v1/payment_intents/" +
                            text_of(invoice["payments"]["data"][0]["payment"], "payment_intent"));
    }
    static std::string path(const Json& invoice) {
        return "/v1/invoices/" + text_of(invoice, "id");
    }
    /// For 15 euros.
    Json open_invoice(const std::string& customer) {
        sandbox_.post("/v1/invoiceitems", "customer=" + customer + "&currency=eur&amount=1500");
        const Json draft = sandbox_.post(
            "/v1/invoices", "customer=" + customer + "&pending_invoice_items_behavior=include");
        return sandbox_.post(path(draft) + "/finalize", "auto_advance=false&expand[]=payments");
    }
    /// The id of a PaymentIntent for as much.
    std::string intent_for(const std::string& customer, const std::string& more) {
        return text_of(sandbox_.post("/v1/payment_intents",
                                     "amount=1500&currency=eur&customer=" + customer + more),
                       "id");
    }
    void wait(Instant::duration time) { sandbox_.run_until(sandbox_.now() + time); }

    BillingSandbox sandbox_;
    std::string monthly_ =
        text_of(sandbox_.post(
                    "/v1/prices",
                    "currency=eur&unit_amount=1500&recurring[interval]=month&product_data[name]=P"),
                "id");
};

// The PaymentIntent is confirmed, so the subscription is active (reference: payment_behavior); the
// invoice is open until the bank has answered.
TEST_F(DebitedInvoiceTest, TheFirstIsPaidWhenTheBankAnswers) {
    const std::string customer = debtor(kPays);
    sandbox_.new_events();
    const Json made = subscribe(customer);
    EXPECT_EQ(made["status"], "active");
    EXPECT_EQ(made["latest_invoice"]["status"], "open");
    EXPECT_EQ(made["latest_invoice"]["attempted"], true);
    EXPECT_EQ(made["latest_invoice"]["attempt_count"], 1);
    EXPECT_EQ(made["latest_invoice"]["next_payment_attempt"], nullptr);
    EXPECT_EQ(intent_of(made["latest_invoice"])["status"], "processing");
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("customer.subscription.created", "invoice.created", "invoice.finalized",
                            "payment_intent.created", "charge.pending", "payment_intent.processing",
                            "invoice.updated", "customer.subscription.updated"));
    wait(seconds(1));
    EXPECT_EQ(again(made)["latest_invoice"]["status"], "paid");
    EXPECT_EQ(again(made)["latest_invoice"]["amount_paid"], 1500);
    EXPECT_EQ(again(made)["latest_invoice"]["attempt_count"], 1);
    EXPECT_EQ(again(made)["latest_invoice"]["payments"]["data"][0]["status"], "paid");
    EXPECT_EQ(intent_of(again(made)["latest_invoice"])["status"], "succeeded");
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("charge.succeeded", "payment_intent.succeeded", "invoice.updated",
                            "invoice.paid", "invoice.payment_succeeded", "invoice_payment.paid"));
}

// 3, 5 and 7 days after each failure, as any renewal.
TEST_F(DebitedInvoiceTest, ARefusedOneIsTriedAgain) {
    const std::string customer = debtor(kFails);
    const Json made = subscribe(customer);
    EXPECT_EQ(made["status"], "active");
    sandbox_.new_events();
    wait(seconds(1));
    EXPECT_THAT(
        sandbox_.new_events(),
        ElementsAre("charge.failed", "payment_intent.payment_failed", "invoice.updated",
                    "invoice.payment_failed", "customer.updated", "customer.subscription.updated"));
    const Json refused = again(made);
    EXPECT_EQ(refused["status"], "past_due");
    const Instant failed_at = sandbox_.now();
    EXPECT_EQ(refused["latest_invoice"]["next_payment_attempt"],
              unix_seconds(failed_at + hours(72)));
    EXPECT_EQ(refused["latest_invoice"]["attempt_count"], 1);
    choose(customer, kPaysLate);
    sandbox_.run_until(failed_at + hours(72) + minutes(1));
    EXPECT_EQ(again(made)["status"], "past_due");
    EXPECT_EQ(intent_of(again(made)["latest_invoice"])["status"], "processing");
    wait(minutes(3));
    EXPECT_EQ(again(made)["status"], "active");
    EXPECT_EQ(again(made)["latest_invoice"]["status"], "paid");
    EXPECT_EQ(again(made)["latest_invoice"]["attempt_count"], 2);
}

TEST_F(DebitedInvoiceTest, TheLastRefusalEndsTheSubscription) {
    const Json made = subscribe(debtor(kFails));
    wait(days(3 + 5 + 7) + hours(1));
    EXPECT_EQ(again(made)["status"], "canceled");
    EXPECT_EQ(again(made)["cancellation_details"]["reason"], "payment_failed");
    // The first one and three more.
    EXPECT_EQ(again(made)["latest_invoice"]["attempt_count"], 4);
}

TEST_F(DebitedInvoiceTest, ARenewalIsDebited) {
    const Json made = subscribe(debtor(kPays));
    wait(days(31) + hours(1));
    EXPECT_EQ(again(made)["latest_invoice"]["billing_reason"], "subscription_cycle");
    EXPECT_EQ(again(made)["latest_invoice"]["status"], "open");
    EXPECT_EQ(again(made)["status"], "active");
    wait(seconds(2));
    EXPECT_EQ(again(made)["latest_invoice"]["status"], "paid");
}

TEST_F(DebitedInvoiceTest, TheClientMayConfirmTheFirstOne) {
    const std::string customer = sandbox_.customer("");
    const Json made = subscribe(customer,
                                "&payment_behavior=default_incomplete"
                                "&payment_settings[save_default_payment_method]=on_subscription");
    EXPECT_EQ(made["status"], "incomplete");
    const std::string intent = text_of(intent_of(made["latest_invoice"]), "id");
    const std::string method = account(kPaysLate);
    const Json confirmed =
        sandbox_.post("/v1/payment_intents/" + intent + "/confirm", "payment_method=" + method);
    EXPECT_EQ(confirmed["status"], "processing");
    EXPECT_EQ(again(made)["status"], "active");
    EXPECT_EQ(again(made)["default_payment_method"], nullptr);
    wait(minutes(3));
    EXPECT_EQ(again(made)["latest_invoice"]["status"], "paid");
    EXPECT_EQ(again(made)["default_payment_method"], method);
}

TEST_F(DebitedInvoiceTest, WaitsForTheBank) {
    const std::string customer = debtor(kPaysLate);
    const Json made = subscribe(customer, "&payment_behavior=error_if_incomplete");
    const std::string invoice = path(made["latest_invoice"]);
    for (const char* call : {"/pay", "/void"})
        EXPECT_THAT(sandbox_.refused(invoice + call, "").message,
                    HasSubstr("processed by the bank"))
            << call;
    EXPECT_THAT(sandbox_.refused(invoice + "/pay", "paid_out_of_band=true").message,
                HasSubstr("processed by the bank"));
    EXPECT_THAT(sandbox_
                    .refused("/v1/credit_notes",
                             "amount=500&invoice=" + text_of(made["latest_invoice"], "id"))
                    .message,
                HasSubstr("processed by the bank"));
    sandbox_.remove("/v1/subscriptions/" + text_of(made, "id"));
    sandbox_.new_events();
    wait(minutes(3));
    EXPECT_EQ(sandbox_.get(invoice)["status"], "paid");
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("customer.subscription.updated")));
}

TEST_F(DebitedInvoiceTest, PaysAnInvoiceWithoutASubscription) {
    const std::string customer = debtor(kPays);
    sandbox_.post("/v1/invoiceitems", "customer=" + customer + "&currency=eur&amount=700");
    const Json draft =
        sandbox_.post("/v1/invoices", "customer=" + customer +
                                          "&currency=eur&pending_invoice_items_behavior=include");
    const Json open = sandbox_.post(path(draft) + "/pay");
    EXPECT_EQ(open["status"], "open");
    wait(seconds(1));
    EXPECT_EQ(sandbox_.get(path(draft))["status"], "paid");
    EXPECT_EQ(sandbox_.get(path(draft))["amount_paid"], 700);
}

TEST_F(DebitedInvoiceTest, OtherCurrenciesAreNotDebited) {
    const std::string customer = debtor(kPays);
    const Json made = sandbox_.post(
        "/v1/subscriptions",
        "customer=" + customer + "&items[0][price]=" + sandbox_.price("Dollars", 900));
    EXPECT_EQ(made["status"], "incomplete");
    EXPECT_THAT(
        sandbox_.refused("/v1/invoices/" + text_of(made, "latest_invoice") + "/pay", "").message,
        HasSubstr("only supports the following currencies: `eur`"));
}

TEST_F(DebitedInvoiceTest, AnUpdateIsAppliedWhenItsDebitIsPaid) {
    const Json made = subscribe(debtor(kPays));
    wait(seconds(1));
    const std::string item = text_of(made["items"]["data"][0], "id");
    const Json updated = sandbox_.post("/v1/subscriptions/" + text_of(made, "id"),
                                       "items[0][id]=" + item +
                                           "&items[0][quantity]=3&proration_behavior=always_invoice"
                                           "&payment_behavior=pending_if_incomplete");
    EXPECT_TRUE(updated["pending_update"].is_object());
    EXPECT_EQ(updated["items"]["data"][0]["quantity"], 1);
    wait(seconds(1));
    EXPECT_EQ(again(made)["pending_update"], nullptr);
    EXPECT_EQ(again(made)["items"]["data"][0]["quantity"], 3);
}

// While the bank thinks about one payment, no other one is taken.
TEST_F(DebitedInvoiceTest, AnAttachedDebitIsWaitedForToo) {
    const std::string customer = debtor(kPaysLate);
    const Json draft = open_invoice(customer);
    const auto intent = [&](const std::string& more) { return intent_for(customer, more); };
    const std::string debit = intent("&payment_method_types[]=sepa_debit");
    sandbox_.post(path(draft) + "/attach_payment", "payment_intent=" + debit);
    sandbox_.post("/v1/payment_intents/" + debit + "/confirm",
                  "payment_method=" + account(kPaysLate));
    const std::string wait_for_it =
        "A payment of this invoice is being processed by the bank. Wait until it has succeeded or "
        "failed.";
    EXPECT_EQ(sandbox_.refused(path(draft) + "/pay", "").message, wait_for_it);
    EXPECT_EQ(sandbox_.refused(path(draft) + "/void", "").message, wait_for_it);
    const std::string card =
        intent("&confirm=true&payment_method=pm_card_visa&return_url=http://localhost/");
    EXPECT_EQ(sandbox_.refused(path(draft) + "/attach_payment", "payment_intent=" + card).message,
              wait_for_it);
    wait(days(1));
    EXPECT_EQ(sandbox_.get(path(draft))["status"], "paid");
    EXPECT_EQ(sandbox_.get(path(draft))["amount_paid"], 1500);
}

TEST_F(DebitedInvoiceTest, NothingElseIsChargedBeforeTheBankHasAnswered) {
    const std::string customer = debtor(kPays);
    const Json invoice = open_invoice(customer);
    const std::string authorized = "&confirm=true&return_url=http://localhost/&payment_method=";
    const std::string own = "/v1/payment_intents/" + text_of(intent_of(invoice), "id");
    const auto attached = [&](const std::string& more) {
        const std::string id = intent_for(customer, more);
        sandbox_.post(path(invoice) + "/attach_payment", "payment_intent=" + id);
        return "/v1/payment_intents/" + id;
    };
    const std::string debit = attached("&payment_method_types[]=sepa_debit");
    const std::string asks = attached(authorized + "pm_card_threeDSecure2Required");
    const std::string held = attached(authorized + "pm_card_visa&capture_method=manual");
    sandbox_.post(debit + "/confirm", "payment_method=" + account(kFails));
    const std::string by_card = "payment_method=pm_card_visa&return_url=http://localhost/";
    const std::pair<std::string, std::string> calls[] = {
        {own + "/confirm", by_card},
        {asks + "/confirm", by_card},
        {held + "/capture", ""},
        {"/v1/charges/" + text_of(sandbox_.get(held), "latest_charge") + "/capture", ""},
    };
    for (const auto& [call, form] : calls)
        EXPECT_EQ(sandbox_.refused(call, form).message,
                  "Another payment of this PaymentIntent's invoice is being processed by the bank. "
                  "Wait until it has succeeded or failed.")
            << call;
    wait(seconds(1));
    EXPECT_EQ(sandbox_.get(debit)["status"], "requires_payment_method");
    sandbox_.post(own + "/confirm", by_card);
    EXPECT_EQ(sandbox_.get(path(invoice))["status"], "paid");
    EXPECT_EQ(sandbox_.get(held)["status"], "canceled");
}

}  // namespace
}  // namespace turnpike::twin
