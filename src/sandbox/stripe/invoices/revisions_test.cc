#include "sandbox/stripe/invoices/revisions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

/// A customer with an open invoice of $10.00 and $5.00.
class RevisionTest : public ::testing::Test {
protected:
    RevisionTest() {
        customer_ = sandbox_.customer("pm_card_visa");
        const Json draft = sandbox_.post(
            "/v1/invoices", "customer=" + customer_ +
                                "&description=Work&metadata[order]=7&auto_advance=false"
                                "&collection_method=send_invoice&days_until_due=30");
        original_ = text_of(draft, "id");
        for (const char* amount : {"1000", "500"})
            sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&invoice=" + original_ +
                                                  "&currency=usd&amount=" + amount);
        sandbox_.post("/v1/invoices/" + original_ + "/finalize");
        sandbox_.new_events();
    }
    std::string from(const std::string& invoice) const {
        return "from_invoice[action]=revision&from_invoice[invoice]=" + invoice;
    }
    Json look(const std::string& invoice) { return sandbox_.get("/v1/invoices/" + invoice); }
    std::string refusal(const std::string& form) {
        const StripeError error = sandbox_.refused("/v1/invoices", form);
        return error.param + ": " + error.message;
    }

    BillingSandbox sandbox_;
    std::string customer_, original_;
};

TEST_F(RevisionTest, IsADraftWithWhatTheOriginalHas) {
    const Json draft = sandbox_.post("/v1/invoices", from(original_) + "&footer=Corrected");
    EXPECT_EQ(draft["status"], "draft");
    EXPECT_EQ(draft["from_invoice"], (Json{{"action", "revision"}, {"invoice", original_}}));
    EXPECT_EQ(amounts_of(draft["lines"]["data"]), amounts_of(look(original_)["lines"]["data"]));
    EXPECT_EQ(draft["total"], 1500);
    EXPECT_EQ(draft["description"], "Work");
    EXPECT_EQ(draft["footer"], "Corrected");
    EXPECT_EQ(draft["metadata"], (Json{{"order", "7"}}));
    EXPECT_EQ(draft["collection_method"], "send_invoice");
    EXPECT_EQ(draft["due_date"], look(original_)["due_date"]);
    EXPECT_EQ(draft["number"], nullptr);
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("invoiceitem.created", "invoiceitem.created", "invoice.created"));
    EXPECT_EQ(look(original_)["latest_revision"], nullptr);
    EXPECT_EQ(look(original_)["status"], "open");
}

TEST_F(RevisionTest, VoidsTheOriginalWhenItIsFinalized) {
    const Json draft = sandbox_.post("/v1/invoices", from(original_));
    // Its lines are its own: one is taken off, and the original keeps both.
    const std::string item =
        text_of(draft["lines"]["data"][0]["parent"]["invoice_item_details"], "invoice_item");
    const std::int64_t gone = integer_of(draft["lines"]["data"][0], "amount");
    sandbox_.remove("/v1/invoiceitems/" + item);
    sandbox_.new_events();
    const Json revision =
        sandbox_.post("/v1/invoices/" + text_of(draft, "id") + "/finalize", "auto_advance=false");
    EXPECT_EQ(revision["status"], "open");
    EXPECT_EQ(revision["total"], 1500 - gone);
    const Json original = look(original_);
    EXPECT_EQ(original["status"], "void");
    EXPECT_EQ(original["latest_revision"], revision["id"]);
    EXPECT_EQ(original["total"], 1500);
    EXPECT_THAT(sandbox_.new_events(), IsSupersetOf({"invoice.finalized", "invoice.voided"}));
    const Json expanded =
        sandbox_.get("/v1/invoices/" + original_, "expand[]=latest_revision.from_invoice.invoice");
    EXPECT_EQ(expanded["latest_revision"]["from_invoice"]["invoice"]["id"], original_);
}

// $10.00 of credit paid a part of the original; it pays the same part of the revision.
TEST_F(RevisionTest, TakesTheCreditThatTheOriginalTook) {
    sandbox_.post("/v1/customers/" + customer_ + "/balance_transactions",
                  "amount=-1000&currency=usd");
    sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&currency=usd&amount=1500");
    const Json draft = sandbox_.post(
        "/v1/invoices", "customer=" + customer_ + "&pending_invoice_items_behavior=include");
    const std::string id = text_of(draft, "id");
    EXPECT_EQ(sandbox_.post("/v1/invoices/" + id + "/finalize", "auto_advance=false")["amount_due"],
              500);
    const Json revision = sandbox_.post("/v1/invoices", from(id));
    const Json final = sandbox_.post("/v1/invoices/" + text_of(revision, "id") + "/finalize",
                                     "auto_advance=false");
    EXPECT_EQ(final["starting_balance"], -1000);
    EXPECT_EQ(final["amount_due"], 500);
    EXPECT_EQ(sandbox_.get("/v1/customers/" + customer_)["balance"], 0);
    EXPECT_EQ(look(id)["status"], "void");
}

TEST_F(RevisionTest, RefusesWhatCannotBeRevised) {
    const Json paid = sandbox_.post("/v1/invoices", from(original_));
    sandbox_.post("/v1/invoices/" + original_ + "/pay", "paid_out_of_band=true");
    EXPECT_EQ(
        sandbox_.refused("/v1/invoices/" + text_of(paid, "id") + "/finalize", "").message,
        "You cannot finalize this revision because the invoice that it revises has been paid.");
    EXPECT_EQ(refusal(from(original_)),
              "from_invoice[invoice]: You can only revise open or uncollectible invoices. This "
              "invoice is paid.");
    EXPECT_EQ(refusal(from("in_x")), "from_invoice[invoice]: No such invoice: 'in_x'");
    EXPECT_EQ(refusal("from_invoice[action]=copy&from_invoice[invoice]=" + original_),
              "from_invoice[action]: Invalid from_invoice[action]: must be one of revision");
    EXPECT_EQ(refusal("from_invoice[invoice]=" + original_),
              "from_invoice[action]: Missing required param: from_invoice[action].");
    const std::string draft = text_of(sandbox_.post("/v1/invoices", "customer=" + customer_), "id");
    EXPECT_EQ(refusal(from(draft)),
              "from_invoice[invoice]: You can only revise open or uncollectible invoices. This "
              "invoice is draft.");
    // docs.stripe.com/invoicing/invoice-edits: those of subscriptions cannot be.
    const Json subscription = sandbox_.post(
        "/v1/subscriptions", "customer=" + customer_ + "&payment_behavior=default_incomplete" +
                                 "&items[0][price]=" + sandbox_.price("Gold", 2900));
    EXPECT_EQ(
        refusal(from(text_of(subscription, "latest_invoice"))),
        "from_invoice[invoice]: You cannot revise an invoice that is attached to a subscription.");
}

TEST_F(RevisionTest, KeepsTheCustomerAndTheCurrency) {
    const std::string other = sandbox_.customer("");
    EXPECT_EQ(refusal(from(original_) + "&customer=" + other),
              "customer: A revision has the customer of the invoice it revises.");
    EXPECT_EQ(refusal(from(original_) + "&currency=eur"),
              "currency: A revision has the currency of the invoice it revises.");
    EXPECT_EQ(refusal(from(original_) + "&subscription=sub_x"),
              "subscription: You cannot set `subscription` if `from_invoice` is set.");
    EXPECT_EQ(sandbox_.post("/v1/invoices", from(original_) + "&customer=" + customer_)["total"],
              1500);
}

// Half of a month's 31 days are left: -500 of $10.00, and 1500 of $30.00.
TEST_F(RevisionTest, CopiesProrationsToo) {
    const Json subscription =
        sandbox_.post("/v1/subscriptions",
                      "customer=" + customer_ + "&items[0][price]=" + sandbox_.price("One", 1000));
    sandbox_.run_until(sandbox_.now() + std::chrono::hours(31 * 12));
    sandbox_.post("/v1/subscriptions/" + text_of(subscription, "id"),
                  "items[0][id]=" + text_of(subscription["items"]["data"][0], "id") +
                      "&items[0][price]=" + sandbox_.price("Three", 3000));
    const Json draft = sandbox_.post(
        "/v1/invoices", "customer=" + customer_ + "&pending_invoice_items_behavior=include");
    const std::string id = text_of(draft, "id");
    EXPECT_EQ(amounts_of(draft["lines"]["data"]), (std::vector<std::int64_t>{-500, 1500}));
    sandbox_.post("/v1/invoices/" + id + "/finalize", "auto_advance=false");
    const Json revision = sandbox_.post("/v1/invoices", from(id));
    EXPECT_EQ(amounts_of(revision["lines"]["data"]), (std::vector<std::int64_t>{-500, 1500}));
    for (std::size_t i = 0; i < 2; ++i) {
        const Json& copy = revision["lines"]["data"][i]["parent"]["subscription_item_details"];
        const Json& line = draft["lines"]["data"][i]["parent"]["subscription_item_details"];
        EXPECT_EQ(copy["proration"], true);
        EXPECT_EQ(copy["subscription_item"], line["subscription_item"]);
        EXPECT_NE(copy["invoice_item"], line["invoice_item"]);
    }
    sandbox_.post("/v1/invoices/" + text_of(revision, "id") + "/finalize", "auto_advance=false");
    EXPECT_EQ(look(id)["status"], "void");
}

TEST_F(RevisionTest, ReplacesAnInvoiceOnce) {
    const std::string first = text_of(sandbox_.post("/v1/invoices", from(original_)), "id");
    const std::string second = text_of(sandbox_.post("/v1/invoices", from(original_)), "id");
    sandbox_.post("/v1/invoices/" + first + "/finalize", "auto_advance=false");
    EXPECT_EQ(sandbox_.refused("/v1/invoices/" + second + "/finalize", "").message,
              "You cannot finalize this revision because the invoice that it revises is void.");
    EXPECT_EQ(look(second)["status"], "draft");
    EXPECT_EQ(look(original_)["latest_revision"], first);
}

TEST_F(RevisionTest, LeavesNothingWhenItsDraftIsDeleted) {
    const std::string draft = text_of(sandbox_.post("/v1/invoices", from(original_)), "id");
    sandbox_.new_events();
    sandbox_.remove("/v1/invoices/" + draft);
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("invoiceitem.deleted", "invoiceitem.deleted", "invoice.deleted"));
    EXPECT_EQ(sandbox_.get("/v1/invoiceitems", "pending=true")["data"], Json::array());
    EXPECT_EQ(look(original_)["total"], 1500);
}

// $15.00 and a debt of $999,999.99 are more than one amount holds.
TEST_F(RevisionTest, LeavesTheOriginalWhenItCannotBeFinalized) {
    const std::string draft =
        text_of(sandbox_.post("/v1/invoices", from(original_) + "&auto_advance=true"), "id");
    sandbox_.post("/v1/customers/" + customer_, "balance=99999999");
    sandbox_.run_until(sandbox_.now() + std::chrono::hours(1));
    EXPECT_EQ(look(draft)["status"], "draft");
    EXPECT_EQ(look(draft)["last_finalization_error"]["code"], "amount_too_large");
    EXPECT_EQ(look(original_)["status"], "open");
    EXPECT_EQ(look(original_)["latest_revision"], nullptr);
}

}  // namespace
}  // namespace turnpike::twin
