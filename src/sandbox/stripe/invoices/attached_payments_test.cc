#include "sandbox/stripe/invoices/attached_payments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::IsSupersetOf;

/// A customer with an open invoice of $15.00.
class AttachedPaymentTest : public ::testing::Test {
protected:
    AttachedPaymentTest() {
        customer_ = sandbox_.customer("pm_card_visa");
        sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&currency=usd&amount=1500");
        const Json draft = sandbox_.post(
            "/v1/invoices", "customer=" + customer_ + "&pending_invoice_items_behavior=include");
        invoice_ = "/v1/invoices/" + text_of(draft, "id");
        sandbox_.post(invoice_ + "/finalize", "auto_advance=false");
        sandbox_.new_events();
    }
    Json intent(const std::string& amount, const std::string& more = "") {
        return sandbox_.post("/v1/payment_intents",
                             "amount=" + amount + "&currency=usd&customer=" + customer_ + more);
    }
    Json attach(const Json& intent) {
        return sandbox_.post(invoice_ + "/attach_payment",
                             "payment_intent=" + text_of(intent, "id"));
    }
    std::string refusal(const std::string& form) {
        const StripeError error = sandbox_.refused(invoice_ + "/attach_payment", form);
        return error.param + ": " + error.message;
    }
    std::vector<std::string> states() {
        return texts_of(
            sandbox_.get("/v1/invoice_payments", "invoice=" + invoice_.substr(13))["data"],
            "status");
    }

    BillingSandbox sandbox_;
    std::string customer_, invoice_;
};

TEST_F(AttachedPaymentTest, APaymentThatHasSucceededPaysAtOnce) {
    const Json paid =
        intent("1500", "&confirm=true&payment_method=pm_card_visa&return_url=http://localhost/");
    sandbox_.new_events();
    const Json invoice = attach(paid);
    EXPECT_EQ(invoice["status"], "paid");
    EXPECT_EQ(invoice["amount_paid"], 1500);
    EXPECT_EQ(states(), (std::vector<std::string>{"paid", "canceled"}));
    EXPECT_THAT(sandbox_.new_events(),
                IsSupersetOf({"invoice.paid", "invoice_payment.paid", "payment_intent.canceled"}));
    const Json of_intent = sandbox_.get(
        "/v1/invoice_payments",
        "payment[type]=payment_intent&payment[payment_intent]=" + text_of(paid, "id"))["data"];
    ASSERT_EQ(of_intent.size(), 1);
    EXPECT_EQ(of_intent[0]["is_default"], false);
    EXPECT_EQ(of_intent[0]["amount_paid"], 1500);
}

TEST_F(AttachedPaymentTest, APaymentThatSucceedsLaterPaysThen) {
    const Json waiting = intent("1500");
    EXPECT_EQ(attach(waiting)["status"], "open");
    sandbox_.post("/v1/payment_intents/" + text_of(waiting, "id") + "/confirm",
                  "payment_method=pm_card_visa&return_url=http://localhost/");
    EXPECT_EQ(sandbox_.get(invoice_)["status"], "paid");
    EXPECT_EQ(states(), (std::vector<std::string>{"paid", "canceled"}));
}

TEST_F(AttachedPaymentTest, ACanceledPaymentPaysNothing) {
    const Json waiting = intent("1500");
    attach(waiting);
    sandbox_.post("/v1/payment_intents/" + text_of(waiting, "id") + "/cancel");
    EXPECT_EQ(states(), (std::vector<std::string>{"canceled", "open"}));
    EXPECT_EQ(sandbox_.post(invoice_ + "/pay")["status"], "paid");
}

TEST_F(AttachedPaymentTest, StaysWhatTheInvoiceWaitsFor) {
    const Json waiting = intent("1500");
    const std::string path = "/v1/payment_intents/" + text_of(waiting, "id");
    attach(waiting);
    for (const std::string& form : {std::string("amount=100"), std::string("currency=eur"),
                                    std::string("customer="), "customer=" + sandbox_.customer()}) {
        const StripeError error = sandbox_.refused(path, form);
        EXPECT_EQ(error.param, form.substr(0, form.find('=')));
        EXPECT_EQ(error.message,
                  "This sandbox has no payments for a part of an invoice: the " + error.param +
                      " of a PaymentIntent that is attached to one cannot be changed.");
    }
    EXPECT_EQ(sandbox_.post(path, "amount=1500&description=Mug")["description"], "Mug");
    sandbox_.post(path + "/confirm", "payment_method=pm_card_visa&return_url=http://localhost/");
    EXPECT_EQ(sandbox_.get(path)["amount_received"], 1500);
    EXPECT_EQ(sandbox_.get(invoice_)["amount_paid"], 1500);
}

TEST_F(AttachedPaymentTest, IsCapturedWhole) {
    const Json held = intent("1500",
                             "&capture_method=manual&confirm=true&payment_method=pm_card_visa"
                             "&return_url=http://localhost/");
    EXPECT_EQ(attach(held)["status"], "open");
    const std::string path = "/v1/payment_intents/" + text_of(held, "id");
    const std::string why =
        "This sandbox has no payments for a part of an invoice: a PaymentIntent that is attached "
        "to one is captured whole.";
    EXPECT_EQ(sandbox_.refused(path + "/capture", "amount_to_capture=1000").message, why);
    EXPECT_EQ(
        sandbox_
            .refused("/v1/charges/" + text_of(held, "latest_charge") + "/capture", "amount=1000")
            .message,
        why);
    EXPECT_EQ(sandbox_.get(invoice_)["status"], "open");
    sandbox_.post(path + "/capture", "amount_to_capture=1500");
    EXPECT_EQ(sandbox_.get(invoice_)["status"], "paid");
}

// Of 20.00 that were authorized 15.00 are captured; or of 15.00 only 5.00; or 5.00 went back.
TEST_F(AttachedPaymentTest, BringsWhatWasReceived) {
    const auto held = [&](const std::string& amount) {
        return intent(amount,
                      "&capture_method=manual&confirm=true&payment_method=pm_card_visa"
                      "&return_url=http://localhost/");
    };
    const auto captured = [&](const Json& authorized, const std::string& amount) {
        return "payment_intent=" + text_of(sandbox_.post("/v1/payment_intents/" +
                                                             text_of(authorized, "id") + "/capture",
                                                         "amount_to_capture=" + amount),
                                           "id");
    };
    const std::string why =
        "payment_intent: This sandbox attaches PaymentIntents for the whole amount_remaining only.";
    EXPECT_EQ(refusal(captured(held("1500"), "500")), why);
    const std::string given_back = captured(held("1500"), "1500");
    sandbox_.post("/v1/refunds", given_back + "&amount=500");
    EXPECT_EQ(refusal(given_back), why);
    EXPECT_EQ(sandbox_.get(invoice_)["status"], "open");
    const Json invoice =
        sandbox_.post(invoice_ + "/attach_payment", captured(held("2000"), "1500"));
    EXPECT_EQ(invoice["status"], "paid");
    const Json paid = sandbox_.get("/v1/invoice_payments", "status=paid")["data"][0];
    EXPECT_EQ(paid["amount_requested"], 1500);
    EXPECT_EQ(paid["amount_paid"], 1500);
}

// The bank has taken the money back, unless the seller wins; an inquiry takes none.
TEST_F(AttachedPaymentTest, WhatWasChargedBackPaysNothing) {
    const auto paid_by = [&](const std::string& card) {
        return "payment_intent=" +
               text_of(intent("1500",
                              "&confirm=true&return_url=http://localhost/&payment_method=" + card),
                       "id");
    };
    const std::string disputed = paid_by("pm_card_createDispute");
    EXPECT_EQ(refusal(disputed),
              "payment_intent: The PaymentIntent's charge has been charged back.");
    const Json dispute = sandbox_.get("/v1/disputes", disputed)["data"][0];
    sandbox_.post("/v1/disputes/" + text_of(dispute, "id"),
                  "evidence[uncategorized_text]=winning_evidence");
    EXPECT_EQ(sandbox_.post(invoice_ + "/attach_payment", disputed)["status"], "paid");
}

TEST_F(AttachedPaymentTest, WhatIsAskedAboutPays) {
    const std::string asked =
        "&confirm=true&return_url=http://localhost/&payment_method=pm_card_createDisputeInquiry";
    EXPECT_EQ(attach(intent("1500", asked))["status"], "paid");
}

// What a code that is typed on the page takes off, it takes off the payment.
TEST_F(AttachedPaymentTest, AnOpenSessionsPaymentStaysTheSessions) {
    const Json session =
        sandbox_.post("/v1/checkout/sessions",
                      "mode=payment&success_url=https://shop.example&customer=" + customer_ +
                          "&line_items[0][quantity]=1&line_items[0][price_data][currency]=usd"
                          "&line_items[0][price_data][unit_amount]=1500"
                          "&line_items[0][price_data][product_data][name]=Mug");
    const std::string page = "/v1/payment_pages/" + text_of(session, "id") + "/confirm";
    const std::string intent =
        "payment_intent=" +
        text_of(sandbox_.post(page, "payment_method=pm_card_threeDSecure2Required"),
                "payment_intent");
    EXPECT_EQ(refusal(intent),
              "payment_intent: A PaymentIntent of Checkout can be attached to an invoice once it "
              "has succeeded.");
    sandbox_.post(page, "payment_method=pm_card_visa");
    EXPECT_EQ(sandbox_.post(invoice_ + "/attach_payment", intent)["status"], "paid");
}

TEST_F(AttachedPaymentTest, RefusesWhatCannotPayIt) {
    const std::string half = text_of(intent("750"), "id");
    const std::string own =
        text_of(sandbox_.get(invoice_, "expand[]=payments")["payments"]["data"][0]["payment"],
                "payment_intent");
    const std::string euro = text_of(
        sandbox_.post("/v1/payment_intents", "amount=1500&currency=eur&customer=" + customer_),
        "id");
    const std::string nobodys =
        text_of(sandbox_.post("/v1/payment_intents", "amount=1500&currency=usd"), "id");
    struct Case {
        std::string form;
        const char* refusal;
    };
    const Case cases[] = {
        {"", "payment_intent: Missing required param: payment_intent."},
        {"payment_intent=pi_x", "payment_intent: No such payment_intent: 'pi_x'"},
        {"payment_record=pr_x", "payment_record: This sandbox has no payment records."},
        {"payment_intent=" + half,
         "payment_intent: This sandbox attaches PaymentIntents for the whole amount_remaining "
         "only."},
        {"payment_intent=" + euro,
         "payment_intent: The PaymentIntent must be in the invoice's currency."},
        {"payment_intent=" + nobodys,
         "payment_intent: The PaymentIntent must be of the invoice's customer."},
        {"payment_intent=" + own,
         "payment_intent: The PaymentIntent is attached to an invoice already."},
    };
    for (const Case& c : cases) EXPECT_EQ(refusal(c.form), c.refusal);
    sandbox_.post(invoice_ + "/pay");
    EXPECT_EQ(refusal("payment_intent=" + text_of(intent("1500"), "id")),
              ": Payments can only be attached to open invoices. This invoice isn't open.");
}

}  // namespace
}  // namespace turnpike::twin
