#include "sandbox/stripe/pages/receipt.h"

#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin::testing {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

/// Ada pays with cards; the clock stands at 10 November 2025.
class ReceiptTest : public ::testing::Test {
protected:
    std::string customer(const std::string& card = "pm_card_visa") {
        const std::string id = twin_.post_id("/v1/customers", "name=Ada&email=ada%40example.com");
        const std::string method =
            twin_.post_id("/v1/payment_methods/" + card + "/attach", "customer=" + id);
        twin_.post("/v1/customers/" + id, "invoice_settings[default_payment_method]=" + method);
        return id;
    }
    /// The charge of a new payment of $20.00.
    Json pay(const std::string& more = "&payment_method=pm_card_visa") {
        return twin_
            .post("/v1/payment_intents",
                  "amount=2000&currency=usd&confirm=true&payment_method_types[0]=card"
                  "&expand[]=latest_charge" +
                      more)
            .body.at("latest_charge");
    }
    Json charge(const std::string& id) { return twin_.get("/v1/charges/" + id).body; }
    /// Path and query of the charge's receipt.
    static std::string receipt_of(const Json& charge) {
        const std::string url = text_of(charge, "receipt_url");
        return url.substr(url.find("/receipts/"));
    }
    std::string page_of(const Json& charge) {
        const Reply reply = twin_.get(receipt_of(charge));
        EXPECT_EQ(reply.status, 200);
        return reply.text;
    }

    TwinUnderTest twin_;
};

// Recorded (clover): https://pay.stripe.com/receipts/payment/CAca...
TEST_F(ReceiptTest, IsThereForEachChargeThatSucceeds) {
    const Json paid = pay();
    EXPECT_EQ(paid["receipt_url"], "http://127.0.0.1/receipts/payment/" + text_of(paid, "id"));
    EXPECT_EQ(paid["receipt_email"], nullptr);
    EXPECT_EQ(paid["receipt_number"], nullptr);
    EXPECT_THAT(page_of(paid),
                AllOf(HasSubstr("<h1>Receipt</h1>"), HasSubstr("<title>Receipt"),
                      HasSubstr("<strong>$20.00</strong> paid on 10 November 2025 "
                                "with Visa ending in 4242."),
                      HasSubstr("Total</th><td class=\"amount\">$20.00"),
                      HasSubstr("role=\"note\"><strong>Sandbox."), Not(HasSubstr("Charged to"))));
    EXPECT_EQ(charge(text_of(paid, "id"))["receipt_url"], paid["receipt_url"]);
}

// Recorded: null on a charge that failed.
TEST_F(ReceiptTest, IsNoneOfAChargeThatFailed) {
    const Reply declined =
        twin_.post("/v1/payment_intents",
                   "amount=2000&currency=usd&confirm=true&payment_method_types[0]=card"
                   "&payment_method=pm_card_chargeDeclined");
    const std::string id = declined.error("charge");
    EXPECT_EQ(charge(id)["status"], "failed");
    EXPECT_EQ(charge(id)["receipt_url"], nullptr);
    const Reply page = twin_.get("/receipts/payment/" + id);
    EXPECT_EQ(page.status, 404);
    EXPECT_THAT(page.text, HasSubstr("There is no receipt"));
    EXPECT_EQ(twin_.get("/receipts/payment/ch_nobody").status, 404);
    EXPECT_THAT(twin_.get("/receipts/").text, HasSubstr("There is no such link"));
}

// Recorded: an authorization that is not captured has one.
TEST_F(ReceiptTest, IsOfAnAuthorizationToo) {
    const Json held = pay("&payment_method=pm_card_visa&capture_method=manual");
    EXPECT_THAT(page_of(held), AllOf(HasSubstr("reserved on 10 November 2025"),
                                     HasSubstr("not charged yet"), Not(HasSubstr("<table"))));
    const std::string intent = "/v1/payment_intents/" + text_of(held, "payment_intent");
    twin_.post(intent + "/capture", "amount_to_capture=1500");
    EXPECT_THAT(page_of(held), AllOf(HasSubstr("<strong>$15.00</strong> paid on"),
                                     HasSubstr("Total</th><td class=\"amount\">$15.00")));
    const Json released = pay("&payment_method=pm_card_visa&capture_method=manual");
    twin_.post("/v1/payment_intents/" + text_of(released, "payment_intent") + "/cancel");
    EXPECT_THAT(page_of(released), HasSubstr("was released: nothing was charged."));
}

// SDK reference of receipt_url: kept up to date, including any refunds. 2000 - 500 - 300 = 1200.
TEST_F(ReceiptTest, FollowsRefunds) {
    const Json paid = pay();
    const std::string refund = "charge=" + text_of(paid, "id");
    twin_.post("/v1/refunds", refund + "&amount=500");
    twin_.post("/v1/refunds", refund + "&amount=300");
    EXPECT_THAT(page_of(paid),
                AllOf(HasSubstr("Refunded on 10 November 2025</td><td class=\"amount\">-$5.00"),
                      HasSubstr("<td class=\"amount\">-$3.00"),
                      HasSubstr("Total</th><td class=\"amount\">$12.00")));
    const Json kept = pay("&payment_method=pm_card_refundFail");
    twin_.post("/v1/refunds", "charge=" + text_of(kept, "id"));
    EXPECT_THAT(page_of(kept), AllOf(HasSubstr("Total</th><td class=\"amount\">$20.00"),
                                     Not(HasSubstr("Refunded"))));
}

// Recorded (clover): https://pay.stripe.com/receipts/invoices/CAca...?s=ap
TEST_F(ReceiptTest, OfAnInvoiceShowsItsLines) {
    const std::string payer = customer();
    twin_.post("/v1/invoiceitems",
               "customer=" + payer +
                   "&currency=usd&quantity=2&unit_amount_decimal=2500&description=%3Cb%3ELamp");
    const std::string invoice = twin_.post_id(
        "/v1/invoices", "customer=" + payer + "&pending_invoice_items_behavior=include");
    const Json paid = twin_.post("/v1/invoices/" + invoice + "/pay").body;
    const Json made = twin_.get("/v1/charges?customer=" + payer).body.at("data").at(0);
    EXPECT_EQ(receipt_of(made), "/receipts/invoices/" + text_of(made, "id") + "?s=ap");
    EXPECT_THAT(page_of(made),
                AllOf(HasSubstr("<h1>Receipt for invoice " + text_of(paid, "number") + "</h1>"),
                      HasSubstr("Charged to Ada, ada@example.com"),
                      HasSubstr("&lt;b&gt;Lamp<br><span class=\"soft\">2 × $25.00"),
                      HasSubstr("Amount paid</th><td class=\"amount\">$50.00"),
                      HasSubstr("<a href=\"/p/invoice/" + invoice + "\">Invoice " +
                                text_of(paid, "number") + "</a>")));
}

// Inferred: none before the bank has answered.
TEST_F(ReceiptTest, OfADebitComesWithTheBanksAnswer) {
    const std::string payer = twin_.post_id("/v1/customers", "name=Ada");
    const std::string account =
        twin_.post_id("/v1/payment_methods",
                      "type=sepa_debit&sepa_debit[iban]=AT321904300235473204"
                      "&billing_details[name]=Ada+L&billing_details[email]=a%40b.co");
    const Json pending =
        twin_
            .post("/v1/payment_intents",
                  "amount=2000&currency=eur&confirm=true&payment_method_types[0]=sepa_debit"
                  "&expand[]=latest_charge&payment_method=" +
                      account + "&customer=" + payer)
            .body.at("latest_charge");
    EXPECT_EQ(pending["status"], "pending");
    EXPECT_EQ(pending["receipt_url"], nullptr);
    twin_.clock().advance(std::chrono::minutes(5));
    twin_.run_due_work();
    const Json paid = charge(text_of(pending, "id"));
    EXPECT_EQ(paid["status"], "succeeded");
    EXPECT_THAT(text_of(paid, "receipt_url"), EndsWith("/receipts/payment/" + text_of(paid, "id")));
    EXPECT_THAT(page_of(paid), AllOf(HasSubstr("Charged to Ada L, a@b.co"),
                                     HasSubstr("with Bank account ending in 3204.")));
}

}  // namespace
}  // namespace turnpike::twin::testing
