#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/testing/billing_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// Two mugs at 15.00 and one poster at 7.00.
class SessionInvoiceTest : public ::testing::Test {
protected:
    SessionInvoiceTest() {
        mug_ = once("Mug", "usd", 1500);
        poster_ = once("Poster", "usd", 700);
    }
    std::string once(const std::string& name, const std::string& currency, int cents) {
        return text_of(sandbox_.post("/v1/prices", "currency=" + currency +
                                                       "&unit_amount=" + std::to_string(cents) +
                                                       "&product_data[name]=" + name),
                       "id");
    }
    std::string form(const std::string& more = "") {
        return "mode=payment&success_url=https://shop.example&invoice_creation[enabled]=true"
               "&line_items[0][quantity]=2&line_items[0][price]=" +
               mug_ + "&line_items[1][quantity]=1&line_items[1][price]=" + poster_ + more;
    }
    Json open(const std::string& more = "") {
        const Json session = sandbox_.post("/v1/checkout/sessions", form(more));
        sandbox_.new_events();
        return session;
    }
    Json pay(const Json& session, const std::string& method = "pm_card_visa") {
        return sandbox_.post("/v1/payment_pages/" + text_of(session, "id") + "/confirm",
                             method.empty() ? "" : "payment_method=" + method);
    }
    Json invoice_of(const Json& session) {
        return sandbox_.get("/v1/invoices/" + text_of(session, "invoice"), "expand[]=payments");
    }

    BillingSandbox sandbox_;
    std::string mug_, poster_;
};

// https://docs.stripe.com/payments/checkout/post-payment-invoices: invoice.paid as soon as the
// payment tied to the session succeeds. 2 × 15.00 + 7.00 = 37.00.
TEST_F(SessionInvoiceTest, BillsWhatWasPaid) {
    const Json session = open("&customer_email=ada@example.com");
    EXPECT_EQ(session["invoice_creation"]["enabled"], true);
    EXPECT_EQ(session["invoice"], nullptr);
    const Json done = pay(session);
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("customer.created", "payment_intent.created", "charge.succeeded",
                            "payment_intent.succeeded", "invoiceitem.created",
                            "invoiceitem.created", "invoice.created", "invoice.finalized",
                            "invoice.paid", "invoice.payment_succeeded", "invoice_payment.paid",
                            "checkout.session.completed", "charge.updated"));
    EXPECT_EQ(sandbox_.last_event("checkout.session.completed")["object"]["invoice"],
              done["invoice"]);
    const Json invoice = invoice_of(done);
    EXPECT_EQ(invoice["status"], "paid");
    EXPECT_EQ(invoice["billing_reason"], "manual");
    EXPECT_EQ(invoice["amount_paid"], 3700);
    EXPECT_EQ(invoice["amount_due"], 3700);
    EXPECT_EQ(invoice["customer"], done["customer"]);
    EXPECT_EQ(invoice["customer_email"], "ada@example.com");
    EXPECT_TRUE(invoice["number"].is_string());
    const Json& lines = invoice["lines"]["data"];
    EXPECT_THAT(texts_of(lines, "description"), ElementsAre("Mug", "Poster"));
    EXPECT_THAT(amounts_of(lines), ElementsAre(3000, 700));
    const Json& payment = invoice["payments"]["data"][0];
    EXPECT_EQ(payment["status"], "paid");
    EXPECT_EQ(payment["payment"]["payment_intent"], done["payment_intent"]);
    const Json found = sandbox_.get(
        "/v1/invoice_payments",
        "payment[type]=payment_intent&payment[payment_intent]=" + text_of(done, "payment_intent"));
    EXPECT_EQ(found["data"][0]["invoice"], invoice["id"]);
}

TEST_F(SessionInvoiceTest, LooksAsAsked) {
    const Json session = open(
        "&invoice_creation[invoice_data][description]=Thanks"
        "&invoice_creation[invoice_data][footer]=Bye&invoice_creation[invoice_data][metadata][a]=b"
        "&invoice_creation[invoice_data][custom_fields][0][name]=PO"
        "&invoice_creation[invoice_data][custom_fields][0][value]=12"
        "&invoice_creation[invoice_data][issuer][type]=self"
        "&invoice_creation[invoice_data][rendering_options][amount_tax_display]=exclude_tax");
    const Json data = session["invoice_creation"]["invoice_data"];
    EXPECT_EQ(data["description"], "Thanks");
    EXPECT_EQ(data["issuer"]["type"], "self");
    const Json invoice = invoice_of(pay(session));
    EXPECT_EQ(invoice["description"], "Thanks");
    EXPECT_EQ(invoice["footer"], "Bye");
    EXPECT_EQ(invoice["metadata"], Json({{"a", "b"}}));
    EXPECT_EQ(invoice["custom_fields"], Json::array({{{"name", "PO"}, {"value", "12"}}}));
    EXPECT_EQ(invoice["rendering"]["amount_tax_display"], "exclude_tax");
}

// 20 % of 37.00 is 7.40.
TEST_F(SessionInvoiceTest, HasTheSessionsDiscount) {
    const std::string coupon = text_of(sandbox_.post("/v1/coupons", "percent_off=20"), "id");
    const Json done = pay(open("&discounts[0][coupon]=" + coupon));
    const Json invoice = invoice_of(done);
    EXPECT_EQ(invoice["subtotal"], 3700);
    EXPECT_EQ(invoice["amount_paid"], 2960);
    EXPECT_EQ(invoice["total_discount_amounts"][0]["amount"], 740);
    EXPECT_EQ(sandbox_.get("/v1/coupons/" + coupon)["times_redeemed"], 1);
}

TEST_F(SessionInvoiceTest, IsMadeWhereNothingWasDue) {
    const std::string coupon = text_of(sandbox_.post("/v1/coupons", "percent_off=100"), "id");
    const Json done = pay(open("&discounts[0][coupon]=" + coupon), "");
    EXPECT_EQ(done["payment_status"], "no_payment_required");
    const Json invoice = invoice_of(done);
    EXPECT_EQ(invoice["status"], "paid");
    EXPECT_EQ(invoice["amount_paid"], 0);
    EXPECT_EQ(invoice["payments"]["data"].size(), 0U);
}

TEST_F(SessionInvoiceTest, LeavesBalanceAndPendingItemsAlone) {
    const std::string customer = sandbox_.customer("", "&balance=-500");
    sandbox_.post("/v1/invoiceitems", "customer=" + customer + "&currency=usd&amount=900");
    const Json invoice = invoice_of(pay(open("&customer=" + customer)));
    EXPECT_EQ(invoice["amount_paid"], 3700);
    EXPECT_EQ(invoice["lines"]["data"].size(), 2U);
    EXPECT_EQ(sandbox_.get("/v1/customers/" + customer)["balance"], -500);
}

TEST_F(SessionInvoiceTest, WaitsForTheDebit) {
    const std::string euros = once("Cup", "eur", 1200);
    const Json session = sandbox_.post(
        "/v1/checkout/sessions",
        "mode=payment&success_url=https://shop.example&invoice_creation[enabled]=true"
        "&payment_method_types[]=sepa_debit&line_items[0][quantity]=1&line_items[0][price]=" +
            euros);
    const std::string account =
        text_of(sandbox_.post("/v1/payment_methods",
                              "type=sepa_debit&sepa_debit[iban]=AT611904300234573201"
                              "&billing_details[name]=J&billing_details[email]=j@b.co"),
                "id");
    EXPECT_EQ(pay(session, account)["invoice"], nullptr);
    sandbox_.run_until(sandbox_.now() + std::chrono::seconds(1));
    const Json later = sandbox_.get("/v1/checkout/sessions/" + text_of(session, "id"));
    EXPECT_EQ(later["payment_status"], "paid");
    EXPECT_EQ(invoice_of(later)["amount_paid"], 1200);
}

TEST_F(SessionInvoiceTest, IsNotMadeUnlessAsked) {
    const Json done = pay(open("&invoice_creation[enabled]=false"));
    EXPECT_EQ(done["invoice"], nullptr);
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("invoice.created")));
}

TEST_F(SessionInvoiceTest, RefusesWhatCannotBe) {
    const std::string yes = "&success_url=https://shop.example&invoice_creation[enabled]=true";
    const StripeError error =
        sandbox_.refused("/v1/checkout/sessions",
                         "mode=subscription&line_items[0][quantity]=1&line_items[0][price]=" +
                             sandbox_.price("Pro", 900) + yes);
    EXPECT_THAT(error.message, HasSubstr("You can only enable invoice creation when `mode` is set "
                                         "to `payment`."));
    const struct {
        const char* form;
        const char* param;
    } cases[] = {
        {"&payment_intent_data[capture_method]=manual", "invoice_creation[enabled]"},
        {"&invoice_creation[invoice_data][account_tax_ids][0]=txi_1",
         "invoice_creation[invoice_data][account_tax_ids]"},
        {"&invoice_creation[invoice_data][issuer][type]=account",
         "invoice_creation[invoice_data][issuer][type]"},
        {"&invoice_creation[invoice_data][custom_fields][0][name]=PO",
         "invoice_creation[invoice_data][custom_fields][0][value]"},
        {"&invoice_creation[invoice_data][color]=red", "invoice_creation[invoice_data][color]"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(sandbox_.refused("/v1/checkout/sessions", form(c.form)).param, c.param) << c.form;
}

// While the bank asks, the PaymentIntent is the session's: 37.00, as its invoice says.
TEST_F(SessionInvoiceTest, NobodyElseTouchesThePayment) {
    const Json session = open();
    const Json asking = pay(session, "pm_card_threeDSecure2Required");
    const std::string intent = "/v1/payment_intents/" + text_of(asking, "payment_intent");
    EXPECT_EQ(sandbox_.get(intent)["status"], "requires_action");
    const std::pair<std::string, std::string> fixed[] = {
        {"amount=100", "amount"},
        {"customer=" + sandbox_.customer(), "customer"},
        {"payment_method=pm_card_visa", "payment_method"},
        {"capture_method=manual", "capture_method"},
    };
    for (const auto& [form, name] : fixed)
        EXPECT_EQ(sandbox_.refused(intent, form).message,
                  "Some of the parameters you provided (" + name +
                      ") cannot be used when modifying a PaymentIntent that was created by "
                      "Checkout. You can try again without those parameters.");
    for (const char* action : {"/confirm", "/cancel"})
        EXPECT_EQ(sandbox_.refused(intent + action, "").message,
                  "You cannot perform this action on PaymentIntents created by Checkout. Try "
                  "expiring the Checkout Session instead.");
    EXPECT_EQ(sandbox_.post(intent, "metadata[a]=1")["amount"], 3700);
    const Json done = pay(session);
    EXPECT_EQ(invoice_of(done)["amount_paid"], 3700);
    EXPECT_EQ(sandbox_.get(intent)["amount_received"], 3700);
}

}  // namespace
}  // namespace turnpike::twin
