#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::Contains;
using ::testing::Not;

/// A customer with an open invoice of $7.00.
class InvoicePaymentTest : public ::testing::Test {
protected:
    InvoicePaymentTest() {
        sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&currency=usd&amount=700");
        const Json draft = sandbox_.post(
            "/v1/invoices", "customer=" + customer_ + "&pending_invoice_items_behavior=include");
        id_ = text_of(draft, "id");
        path_ = "/v1/invoices/" + id_;
        sandbox_.post(path_ + "/finalize", "auto_advance=false");
        sandbox_.new_events();
    }
    std::string status() { return text_of(sandbox_.get(path_), "status"); }
    /// Newest first.
    Json payments() { return sandbox_.get("/v1/invoice_payments", "invoice=" + id_)["data"]; }
    std::vector<std::string> states() { return texts_of(payments(), "status"); }
    std::string intent_of(const Json& payment) {
        return "/v1/payment_intents/" + text_of(payment.at("payment"), "payment_intent");
    }
    /// The path of a PaymentIntent for the whole invoice.
    std::string attached() {
        const std::string id = text_of(
            sandbox_.post("/v1/payment_intents", "amount=700&currency=usd&customer=" + customer_),
            "id");
        sandbox_.post(path_ + "/attach_payment", "payment_intent=" + id);
        sandbox_.new_events();
        return "/v1/payment_intents/" + id;
    }
    void confirm(const std::string& intent) {
        sandbox_.post(intent + "/confirm",
                      "payment_method=pm_card_visa&return_url=http://localhost/");
    }

    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer();
    std::string id_, path_;
};

TEST_F(InvoicePaymentTest, PaysAnInvoiceThatWasUncollectible) {
    sandbox_.post(path_ + "/mark_uncollectible");
    confirm(intent_of(payments()[0]));
    EXPECT_EQ(status(), "paid");
    EXPECT_EQ(sandbox_.refused(path_ + "/pay", "").message, "Invoice is already paid");
    EXPECT_EQ(sandbox_.get("/v1/charges")["data"].size(), 1);
}

TEST_F(InvoicePaymentTest, AnAttachedOnePaysAnInvoiceThatWasUncollectible) {
    const std::string intent = attached();
    sandbox_.post(path_ + "/mark_uncollectible");
    confirm(intent);
    EXPECT_EQ(status(), "paid");
    EXPECT_EQ(states(), (std::vector<std::string>{"paid", "canceled"}));
}

TEST_F(InvoicePaymentTest, EndWithAnInvoiceThatIsVoided) {
    const std::string intent = attached();
    sandbox_.post(path_ + "/void");
    EXPECT_EQ(states(), (std::vector<std::string>{"canceled", "canceled"}));
    for (const Json& payment : payments())
        EXPECT_EQ(payment["status_transitions"]["canceled_at"], unix_seconds(sandbox_.now()));
    EXPECT_EQ(sandbox_.get(intent)["status"], "canceled");
    EXPECT_EQ(sandbox_.get(intent_of(payments()[1]))["cancellation_reason"], "void_invoice");
}

TEST_F(InvoicePaymentTest, EndWhenTheInvoiceIsPaidByAnotherOne) {
    const std::string intent = attached();
    sandbox_.post(path_ + "/pay");
    EXPECT_EQ(states(), (std::vector<std::string>{"canceled", "paid"}));
    EXPECT_EQ(sandbox_.get(intent)["status"], "canceled");
    EXPECT_EQ(payments()[1]["amount_paid"], 700);
}

TEST_F(InvoicePaymentTest, EndWhenTheInvoiceIsPaidOutOfBand) {
    attached();
    sandbox_.post(path_ + "/pay", "paid_out_of_band=true");
    EXPECT_EQ(states(), (std::vector<std::string>{"canceled", "canceled"}));
    EXPECT_EQ(payments()[1]["amount_paid"], nullptr);
    EXPECT_THAT(sandbox_.new_events(), Not(Contains("invoice_payment.paid")));
}

// $7.00 less $3.00: the invoice's own payment follows, an attached one is for too much.
TEST_F(InvoicePaymentTest, AnAttachedOneEndsWhenLessIsAskedFor) {
    const std::string intent = attached();
    const Json note = sandbox_.post("/v1/credit_notes", "invoice=" + id_ + "&amount=300");
    EXPECT_EQ(states(), (std::vector<std::string>{"canceled", "open"}));
    EXPECT_EQ(sandbox_.get(intent)["status"], "canceled");
    EXPECT_EQ(sandbox_.get(intent_of(payments()[1]))["amount"], 400);
    sandbox_.post("/v1/credit_notes/" + text_of(note, "id") + "/void");
    EXPECT_EQ(sandbox_.post(path_ + "/pay")["amount_paid"], 700);
    EXPECT_EQ(payments()[1]["amount_paid"], 700);
}

// What an invoice asks for is the invoice's business: otherwise it would be paid by less.
TEST_F(InvoicePaymentTest, KeepWhatTheInvoiceAsksFor) {
    const std::string own = intent_of(payments()[0]);
    const std::string other = sandbox_.customer();
    const auto refused_by = [](const std::string& names) {
        return "Some of the parameters you provided (" + names +
               ") cannot be used when modifying a PaymentIntent that was created by an invoice. "
               "You can try again without those parameters.";
    };
    EXPECT_EQ(sandbox_.refused(own, "amount=100").message, refused_by("amount"));
    EXPECT_EQ(sandbox_.refused(own, "currency=eur&amount=100").message,
              refused_by("amount, currency"));
    EXPECT_EQ(sandbox_.refused(own, "customer=" + other).message, refused_by("customer"));
    EXPECT_EQ(sandbox_.refused(own, "transfer_group=g").message, refused_by("transfer_group"));
    for (const char* path : {"", "/confirm"})
        EXPECT_EQ(sandbox_.refused(own + path, "capture_method=manual").message,
                  refused_by("capture_method"));
    EXPECT_EQ(sandbox_.post(own, "description=Mug&metadata[a]=1")["amount"], 700);
    confirm(own);
    EXPECT_EQ(sandbox_.get(own)["amount_received"], 700);
    EXPECT_EQ(sandbox_.get(path_)["amount_paid"], 700);
    EXPECT_EQ(payments()[0]["amount_paid"], 700);
}

TEST_F(InvoicePaymentTest, AreCanceledWithTheirInvoiceOnly) {
    EXPECT_EQ(sandbox_.refused(intent_of(payments()[0]) + "/cancel", "").message,
              "You cannot cancel PaymentIntents created by invoices. Try voiding the invoice "
              "instead.");
    EXPECT_EQ(states(), std::vector<std::string>{"open"});
}

TEST_F(InvoicePaymentTest, AreListedOfBothAnInvoiceAndAPaymentIntent) {
    const std::string own = intent_of(payments()[0]).substr(20);
    const auto listed = [&](const std::string& query) {
        return sandbox_
            .get("/v1/invoice_payments",
                 query + "&payment[type]=payment_intent&payment[payment_intent]=" + own)["data"]
            .size();
    };
    EXPECT_EQ(listed("invoice=" + id_), 1);
    EXPECT_EQ(listed("limit=10"), 1);
    EXPECT_EQ(listed("invoice=in_other"), 0);
}

}  // namespace
}  // namespace turnpike::twin
