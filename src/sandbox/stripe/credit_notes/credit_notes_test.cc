#include "sandbox/stripe/credit_notes/credit_notes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/testing/testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

class CreditNotes : public ::testing::Test {
protected:
    CreditNotes() : customer_(sandbox_.customer()) {}

    std::string draft(std::int64_t amount, const std::string& more = "") {
        sandbox_.post("/v1/invoiceitems", "customer=" + customer_ +
                                              "&currency=usd&description=T-shirt&amount=" +
                                              std::to_string(amount) + more);
        return text_of(sandbox_.post("/v1/invoices", "customer=" + customer_ +
                                                         "&pending_invoice_items_behavior=include"),
                       "id");
    }
    std::string open_invoice(std::int64_t amount) {
        const std::string id = draft(amount);
        sandbox_.post("/v1/invoices/" + id + "/finalize");
        sandbox_.new_events();
        return id;
    }
    std::string paid_invoice(std::int64_t amount, const std::string& how = "") {
        const std::string id = open_invoice(amount);
        sandbox_.post("/v1/invoices/" + id + "/pay", how);
        sandbox_.new_events();
        return id;
    }
    Json credit(const std::string& invoice, const std::string& form) {
        return sandbox_.post("/v1/credit_notes", "invoice=" + invoice + "&" + form);
    }
    StripeError refused(const std::string& invoice, const std::string& form) {
        return sandbox_.refused("/v1/credit_notes", "invoice=" + invoice + "&" + form);
    }
    Json invoice(const std::string& id) { return sandbox_.get("/v1/invoices/" + id); }
    std::string first_line(const std::string& id) {
        return text_of(invoice(id).at("lines").at("data").at(0), "id");
    }
    std::int64_t balance() {
        return integer_of(sandbox_.get("/v1/customers/" + customer_), "balance");
    }

    BillingSandbox sandbox_;
    std::string customer_;
};

constexpr const char* kCustomLine =
    "lines[0][type]=custom_line_item&lines[0][quantity]=1&lines[0][description]=Refund"
    "&lines[0][unit_amount]=";

/// Members that name something or some moment, which differ between Stripe's account and ours.
void forget_identity(Json& node) {
    if (node.is_array())
        for (Json& element : node) forget_identity(element);
    if (!node.is_object()) return;
    for (const char* member :
         {"id", "created", "effective_at", "customer", "invoice", "number", "pdf", "refund", "url"})
        if (node.contains(member)) node[member] = "";
    for (auto& [name, part] : node.items()) forget_identity(part);
}

// Recorded: $25.00 were paid for the first month, $5.00 of them are refunded.
TEST_F(CreditNotes, OfAPaidInvoiceAreAsRecorded) {
    const Json recorded = testing::recorded("credit_note_2025-10-29.clover");
    const Json subscription =
        sandbox_.post("/v1/subscriptions",
                      "customer=" + customer_ + "&items[0][price]=" + sandbox_.price("Pro", 2500));
    Json note = credit(text_of(subscription, "latest_invoice"),
                       "refund_amount=500&" + std::string(kCustomLine) + "500");
    EXPECT_THAT(text_of(note, "number"), MatchesRegex("[0-9A-Z]{8}-0001-CN-01"));
    EXPECT_THAT(text_of(note.at("refunds").at(0), "refund"), MatchesRegex("re_.*"));
    EXPECT_TRUE(note.at("customer_account").is_null());  // newer than the recording
    note.erase("customer_account");
    Json expected = recorded.at("body");
    forget_identity(expected);
    forget_identity(note);
    EXPECT_EQ(note, expected);
}

// The three fixtures of Stripe's command line.
TEST_F(CreditNotes, ReduceWhatAnOpenInvoiceAsksFor) {
    const std::string id = open_invoice(2000);
    const Json note = credit(id, std::string(kCustomLine) + "1000");
    EXPECT_EQ(note.at("type"), "pre_payment");
    EXPECT_EQ(note.at("pre_payment_amount"), 1000);
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("invoice.updated", "credit_note.created"));
    const Json after = invoice(id);
    EXPECT_EQ(after.at("status"), "open");
    EXPECT_EQ(after.at("total"), 2000);
    EXPECT_EQ(after.at("amount_due"), 1000);
    EXPECT_EQ(after.at("amount_remaining"), 1000);
    EXPECT_EQ(after.at("pre_payment_credit_notes_amount"), 1000);

    sandbox_.post("/v1/credit_notes/" + text_of(note, "id"), "metadata[foo]=bar&memo=Sorry");
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("credit_note.updated"));
    EXPECT_EQ(sandbox_.last_event("credit_note.updated").at("previous_attributes"),
              Json({{"memo", nullptr}, {"metadata", {{"foo", nullptr}}}}));

    const Json voided = sandbox_.post("/v1/credit_notes/" + text_of(note, "id") + "/void");
    EXPECT_EQ(voided.at("status"), "void");
    EXPECT_EQ(voided.at("voided_at"), unix_seconds(sandbox_.now()));
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("invoice.updated", "credit_note.voided"));
    EXPECT_EQ(invoice(id).at("amount_due"), 2000);
    EXPECT_EQ(invoice(id).at("pre_payment_credit_notes_amount"), 0);
}

TEST_F(CreditNotes, ChangeWhatIsCharged) {
    const std::string id = open_invoice(2000);
    credit(id, "amount=500");
    const Json paid = sandbox_.post("/v1/invoices/" + id + "/pay", "expand[]=payments");
    EXPECT_EQ(paid.at("amount_paid"), 1500);
    EXPECT_EQ(paid.at("amount_remaining"), 0);
    const Json& payment = paid.at("payments").at("data").at(0);
    EXPECT_EQ(payment.at("amount_requested"), 1500);
    EXPECT_EQ(payment.at("amount_paid"), 1500);
    const Json intent =
        sandbox_.get("/v1/payment_intents/" + text_of(payment.at("payment"), "payment_intent"));
    EXPECT_EQ(intent.at("amount_received"), 1500);
}

TEST_F(CreditNotes, PayAnInvoiceThatTheyCreditInFull) {
    const std::string id = open_invoice(2000);
    credit(id, "amount=1200");
    sandbox_.new_events();
    credit(id, "amount=800");
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("invoice.updated", "payment_intent.canceled", "invoice.paid",
                            "invoice.payment_succeeded", "credit_note.created"));
    const Json after = sandbox_.get("/v1/invoices/" + id, "expand[]=payments");
    EXPECT_EQ(after.at("status"), "paid");
    EXPECT_EQ(after.at("amount_paid"), 0);
    EXPECT_EQ(after.at("pre_payment_credit_notes_amount"), 2000);
    EXPECT_EQ(after.at("payments").at("data").at(0).at("status"), "canceled");
    const Json notes = sandbox_.get("/v1/credit_notes", "invoice=" + id).at("data");
    EXPECT_THAT(amounts_of(notes), ElementsAre(800, 1200));
    EXPECT_THAT(text_of(notes.at(0), "number"), MatchesRegex(".*-0001-CN-02"));
    // "You can only void a credit note if the associated invoice is open."
    EXPECT_EQ(
        sandbox_.refused("/v1/credit_notes/" + text_of(notes.at(0), "id") + "/void", "").message,
        "You can only void a credit note if the associated invoice is open.");
}

TEST_F(CreditNotes, PayBackInEveryWay) {
    const std::string id = paid_invoice(2000);
    const Json note =
        credit(id, "amount=600&refund_amount=100&credit_amount=200&out_of_band_amount=300");
    EXPECT_EQ(note.at("type"), "post_payment");
    EXPECT_EQ(note.at("post_payment_amount"), 600);
    EXPECT_EQ(note.at("out_of_band_amount"), 300);
    EXPECT_EQ(note.at("refunds").at(0).at("amount_refunded"), 100);
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("refund.created", "charge.refunded", "charge.updated",
                            "invoice.updated", "customer.updated", "credit_note.created"));
    EXPECT_EQ(balance(), -200);
    EXPECT_EQ(invoice(id).at("post_payment_credit_notes_amount"), 600);
    EXPECT_EQ(invoice(id).at("amount_due"), 2000);

    const Json transactions =
        sandbox_.get("/v1/customers/" + customer_ + "/balance_transactions").at("data");
    ASSERT_EQ(transactions.size(), 1);
    EXPECT_EQ(transactions[0].at("id"), note.at("customer_balance_transaction"));
    EXPECT_EQ(transactions[0].at("type"), "credit_note");
    EXPECT_EQ(transactions[0].at("credit_note"), note.at("id"));
    EXPECT_EQ(transactions[0].at("amount"), -200);
}

TEST_F(CreditNotes, LinkRefundsThatExist) {
    const std::string id = paid_invoice(2000);
    const Json paid = sandbox_.get("/v1/invoices/" + id, "expand[]=payments");
    const std::string intent =
        text_of(paid.at("payments").at("data").at(0).at("payment"), "payment_intent");
    const std::string refund =
        text_of(sandbox_.post("/v1/refunds", "payment_intent=" + intent + "&amount=500"), "id");
    const std::string link = "&refunds[0][refund]=" + refund;
    const Json note = credit(id, "amount=200" + link + "&refunds[0][amount_refunded]=200");
    EXPECT_EQ(note.at("refunds").at(0).at("amount_refunded"), 200);
    EXPECT_EQ(refused(id, "amount=400" + link + "&refunds[0][amount_refunded]=400").message,
              "Only $3.00 of the refund " + refund + " can still be linked to a credit note.");
    EXPECT_EQ(credit(id, "amount=300" + link).at("refunds").at(0).at("amount_refunded"), 300);
    EXPECT_EQ(refused(id, "amount=100&refunds[0][refund]=re_x").code, "resource_missing");
}

TEST_F(CreditNotes, TakeUnitsOrAmountsOfALine) {
    const std::string id = draft(0, "");
    sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&currency=usd&invoice=" + id +
                                          "&unit_amount_decimal=1000&quantity=3");
    sandbox_.post("/v1/invoiceitems",
                  "customer=" + customer_ + "&currency=usd&amount=700&invoice=" + id);
    sandbox_.post("/v1/invoices/" + id + "/finalize");
    const Json lines = invoice(id).at("lines").at("data");
    const auto of = [&](std::size_t number, const std::string& rest) {
        return "lines[0][type]=invoice_line_item&lines[0][invoice_line_item]=" +
               text_of(lines.at(number), "id") + "&lines[0]" + rest;
    };
    const Json note = credit(id, of(1, "[quantity]=2"));
    EXPECT_EQ(note.at("amount"), 2000);
    const Json& line = note.at("lines").at("data").at(0);
    EXPECT_EQ(line.at("invoice_line_item"), lines.at(1).at("id"));
    EXPECT_EQ(line.at("quantity"), 2);
    EXPECT_EQ(line.at("unit_amount"), 1000);
    EXPECT_EQ(credit(id, of(2, "[amount]=300")).at("amount"), 300);

    struct Case {
        const char* name;
        std::string form;
        const char* param;
    };
    const Case cases[] = {
        {"more units than are left", of(1, "[quantity]=2"), "lines[0][quantity]"},
        {"by amount after by quantity", of(1, "[amount]=100"), "lines[0]"},
        {"by quantity after by amount", of(2, "[quantity]=1"), "lines[0]"},
        {"more than is left", of(2, "[amount]=401"), "lines[0][amount]"},
        {"neither", of(2, "[quantity]="), "lines[0][quantity]"},
        {"no such line",
         "lines[0][type]=invoice_line_item&lines[0][invoice_line_item]=il_x&lines[0][amount]=1",
         "lines[0][invoice_line_item]"},
        {"a custom line's member", of(2, "[unit_amount]=1"), "lines[0][unit_amount]"},
        {"taxes", of(2, "[tax_rates][0]=txr_1"), "lines[0][tax_rates]"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(refused(id, c.form).param, c.param);
    }
}

// $10.00 and $20.00, half off: crediting $15.00 of the second line credits $7.50.
TEST_F(CreditNotes, TakeTheirPartOfDiscounts) {
    sandbox_.post("/v1/coupons", "id=HALF&percent_off=50");
    const std::string id = text_of(
        sandbox_.post("/v1/invoices", "customer=" + customer_ + "&discounts[0][coupon]=HALF"),
        "id");
    for (const char* amount : {"1000", "2000"})
        sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&currency=usd&invoice=" + id +
                                              "&amount=" + amount);
    sandbox_.post("/v1/invoices/" + id + "/finalize");
    ASSERT_EQ(invoice(id).at("total"), 1500);
    const std::string line = text_of(invoice(id).at("lines").at("data").at(1), "id");
    const std::string of_line =
        "lines[0][type]=invoice_line_item&lines[0][invoice_line_item]=" + line +
        "&lines[0][amount]=";
    const Json note = credit(id, of_line + "1500");
    EXPECT_EQ(note.at("subtotal"), 1500);
    EXPECT_EQ(note.at("discount_amount"), 750);
    EXPECT_EQ(note.at("total"), 750);
    EXPECT_EQ(note.at("discount_amounts").at(0).at("amount"), 750);
    EXPECT_EQ(note.at("lines").at("data").at(0).at("discount_amount"), 750);
    EXPECT_EQ(credit(id, of_line + "500").at("total"), 250);
    EXPECT_EQ(invoice(id).at("amount_due"), 500);
}

TEST_F(CreditNotes, AreRefusedWhereSumsDoNotFit) {
    const std::string unfinished = draft(2000);
    EXPECT_EQ(refused(unfinished, "amount=1").message,
              "You cannot create a credit note for a draft invoice.");
    sandbox_.post("/v1/invoices/" + unfinished + "/finalize");
    const std::string open = unfinished;
    struct Case {
        const char* name;
        std::string form;
        const char* message;
    };
    const Case of_open[] = {
        {"nothing", "memo=x", "One of `amount`, `lines`, or `shipping_cost` must be provided."},
        {"two ways", std::string(kCustomLine) + "1&amount=1",
         "You may only specify one of these parameters: amount, lines."},
        {"less than one", "amount=0", "This value must be greater than or equal to 1."},
        {"more than was billed", "amount=2001",
         "The credit note's total ($20.01) is greater than what is left to credit of the invoice "
         "($20.00)."},
        {"a refund of what is not paid", "amount=500&refund_amount=500",
         "The sum of refunds, credit amount, and out of band amount ($5.00) must equal the credit "
         "note post_payment_amount ($0.00)."},
        {"nothing credited", std::string(kCustomLine) + "0",
         "The credit note's total must be greater than zero."},
        {"shipping", "shipping_cost[shipping_rate]=shr_1", "This sandbox has no shipping costs."},
    };
    for (const Case& c : of_open) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(refused(open, c.form).message, c.message);
    }
    sandbox_.post("/v1/invoices/" + open + "/pay");
    sandbox_.new_events();
    const Case of_paid[] = {
        {"no word where it goes", "amount=1000",
         "The sum of refunds, credit amount, and out of band amount ($0.00) must equal the credit "
         "note post_payment_amount ($10.00)."},
        {"more than the charge", "amount=2000&refund_amount=1999",
         "The sum of refunds, credit amount, and out of band amount ($19.99) must equal the credit "
         "note post_payment_amount ($20.00)."},
    };
    for (const Case& c : of_paid) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(refused(open, c.form).message, c.message);
    }
    EXPECT_THAT(sandbox_.new_events(), IsEmpty());
    EXPECT_THAT(sandbox_.get("/v1/credit_notes").at("data"), IsEmpty());
}

TEST_F(CreditNotes, CannotRefundWhatNoChargePaid) {
    const std::string id = paid_invoice(2000, "paid_out_of_band=true");
    EXPECT_EQ(refused(id, "amount=500&refund_amount=500").param, "refund_amount");
    EXPECT_EQ(credit(id, "amount=500&credit_amount=500").at("type"), "post_payment");
    EXPECT_EQ(balance(), -500);
}

// $20.00, of which the balance paid $5.00: $15.00 are taken from what is asked for, $5.00 go back.
TEST_F(CreditNotes, OfAnOpenInvoiceMayPayBackWhatTheBalancePaid) {
    sandbox_.post("/v1/customers/" + customer_, "balance=-500");
    const std::string id = open_invoice(2000);
    const Json note = credit(id, "amount=2000&credit_amount=500");
    EXPECT_EQ(note.at("type"), "mixed");
    EXPECT_EQ(note.at("pre_payment_amount"), 1500);
    EXPECT_EQ(note.at("post_payment_amount"), 500);
    EXPECT_EQ(balance(), -500);
    EXPECT_EQ(invoice(id).at("status"), "paid");
}

TEST_F(CreditNotes, AreNotVoidedTwice) {
    const std::string id = open_invoice(2000);
    const std::string path = "/v1/credit_notes/" + text_of(credit(id, "amount=1"), "id") + "/void";
    sandbox_.post(path);
    EXPECT_EQ(sandbox_.refused(path, "").code, "status_transition_invalid");
    EXPECT_EQ(credit(id, "amount=2000").at("pre_payment_amount"),
              2000);  // a void one takes nothing
}

TEST_F(CreditNotes, ArePreviewedWithoutEffect) {
    const std::string id = paid_invoice(2000);
    const std::string query = "invoice=" + id + "&amount=500&refund_amount=500";
    const Json preview = sandbox_.get("/v1/credit_notes/preview", query);
    EXPECT_EQ(preview.at("post_payment_amount"), 500);
    EXPECT_THAT(preview.at("refunds"), IsEmpty());
    const Json lines = sandbox_.get("/v1/credit_notes/preview/lines", query + "&limit=1");
    EXPECT_THAT(amounts_of(lines.at("data")), ElementsAre(500));
    EXPECT_THAT(sandbox_.new_events(), IsEmpty());
    EXPECT_EQ(invoice(id).at("post_payment_credit_notes_amount"), 0);
    EXPECT_THAT(sandbox_.get("/v1/credit_notes").at("data"), IsEmpty());
}

TEST_F(CreditNotes, AreFoundAgain) {
    const std::string id = open_invoice(2000);
    const Json note = credit(id, std::string(kCustomLine) + "100&reason=order_change&memo=Sorry");
    const std::string path = "/v1/credit_notes/" + text_of(note, "id");
    EXPECT_EQ(sandbox_.get(path), note);
    EXPECT_EQ(sandbox_.get(path + "/lines").at("data"), note.at("lines").at("data"));
    EXPECT_EQ(sandbox_.get(path, "expand[]=invoice").at("invoice").at("amount_due"), 1900);
    EXPECT_EQ(sandbox_.get("/v1/credit_notes", "customer=" + customer_).at("data").at(0), note);
    EXPECT_THAT(sandbox_.get("/v1/credit_notes", "customer=cus_x").at("data"), IsEmpty());
    EXPECT_EQ(sandbox_.call("GET", "/v1/credit_notes/cn_x", "").error().http_status, 404);
}

TEST_F(CreditNotes, CreditNoBalanceOfACustomerWhoIsGone) {
    const std::string id = paid_invoice(1000);
    sandbox_.remove("/v1/customers/" + customer_);
    const std::string form = "amount=100&credit_amount=100";
    const StripeError error = refused(id, form);
    EXPECT_EQ(error.param, "credit_amount");
    EXPECT_EQ(error.message, "No such customer: '" + customer_ + "'");
    const auto preview =
        sandbox_.call("GET", "/v1/credit_notes/preview", "invoice=" + id + "&" + form);
    ASSERT_FALSE(preview);
    EXPECT_EQ(preview.error().param, "credit_amount");
    EXPECT_EQ(credit(id, "amount=100&out_of_band_amount=100").at("status"), "issued");
}

TEST_F(CreditNotes, PlanNothingWithAmountsThatNoAmountIs) {
    const std::string id = paid_invoice(1000);
    const std::string huge = "9000000000000000000";
    const auto lines = sandbox_.call(
        "GET", "/v1/credit_notes/preview/lines",
        "invoice=" + id + "&amount=100&limit=3&refund_amount=" + huge + "&credit_amount=" + huge);
    ASSERT_FALSE(lines);
    EXPECT_EQ(lines.error().param, "refund_amount");
}

}  // namespace
}  // namespace turnpike::twin
