#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

class VoidInvoiceTest : public ::testing::Test {
protected:
    /// A finalized invoice of $50.00.
    std::string finalized() {
        sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&currency=usd&amount=5000");
        const Json invoice = sandbox_.post(
            "/v1/invoices", "customer=" + customer_ + "&pending_invoice_items_behavior=include");
        const std::string path = "/v1/invoices/" + text_of(invoice, "id");
        sandbox_.post(path + "/finalize");
        return path;
    }
    std::int64_t balance() {
        return integer_of(sandbox_.get("/v1/customers/" + customer_), "balance");
    }
    Json transactions() {
        return sandbox_.get("/v1/customers/" + customer_ + "/balance_transactions")["data"];
    }

    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer("");
};

// docs.stripe.com/changelog/2019-12-03: what was applied is debited or credited back.
TEST_F(VoidInvoiceTest, GivesBackWhatTheBalanceHadPaid) {
    // Credit of $12.00, and a debt of $7.00: the invoice asks for 3800, and for 5700.
    for (const std::int64_t before : {-1200, 700}) {
        SCOPED_TRACE(before);
        sandbox_.post("/v1/customers/" + customer_, "balance=" + std::to_string(before));
        const std::string path = finalized();
        EXPECT_EQ(sandbox_.get(path)["amount_due"], 5000 + before);
        EXPECT_EQ(balance(), 0);
        sandbox_.new_events();
        EXPECT_EQ(sandbox_.post(path + "/void")["status"], "void");
        EXPECT_EQ(balance(), before);
        EXPECT_THAT(sandbox_.new_events(), Contains("customer.updated"));
        const Json newest = transactions()[0];
        EXPECT_EQ(newest["type"], "unapplied_from_invoice");
        EXPECT_EQ(newest["amount"], before);
        EXPECT_EQ(newest["ending_balance"], before);
        EXPECT_EQ(newest["invoice"], sandbox_.get(path)["id"]);
    }
}

TEST_F(VoidInvoiceTest, GivesBackOfAnUncollectibleOneToo) {
    sandbox_.post("/v1/customers/" + customer_, "balance=-1200");
    const std::string path = finalized();
    sandbox_.post(path + "/mark_uncollectible");
    EXPECT_EQ(balance(), 0);
    sandbox_.post(path + "/void");
    EXPECT_EQ(balance(), -1200);
}

TEST_F(VoidInvoiceTest, WithoutABalanceNothingIsRecorded) {
    const std::string path = finalized();
    sandbox_.new_events();
    sandbox_.post(path + "/void");
    EXPECT_THAT(transactions(), ::testing::IsEmpty());
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("payment_intent.canceled", "invoice.voided"));
}

TEST_F(VoidInvoiceTest, IsPossibleAfterItsCustomerIsGone) {
    sandbox_.post("/v1/customers/" + customer_, "balance=-1200");
    const std::string path = finalized();
    sandbox_.remove("/v1/customers/" + customer_);
    EXPECT_EQ(sandbox_.post(path + "/void")["status"], "void");
}

// A draft has taken nothing; an invoice that the balance paid whole is paid, and stays so.
TEST_F(VoidInvoiceTest, IsOnlyForInvoicesThatAreOwed) {
    sandbox_.post("/v1/customers/" + customer_, "balance=-9000");
    const std::string paid = finalized();
    EXPECT_EQ(sandbox_.get(paid)["status"], "paid");
    EXPECT_EQ(balance(), -4000);
    EXPECT_EQ(sandbox_.refused(paid + "/void", "").message,
              "Invoices with `paid` payments cannot be voided.");
    EXPECT_EQ(balance(), -4000);

    const Json draft = sandbox_.post("/v1/invoices", "customer=" + customer_);
    const std::string path = "/v1/invoices/" + text_of(draft, "id");
    EXPECT_EQ(sandbox_.refused(path + "/void", "").message,
              "You can only pass in open invoices. This invoice isn't open.");
    EXPECT_EQ(sandbox_.remove(path)["deleted"], true);
    EXPECT_EQ(balance(), -4000);
}

// stripe_world, phase 13 (13_invoices, 2026-08-26.dahlia): the items of a deleted draft stay with
// it, and those of any invoice that is no draft cannot be deleted.
TEST_F(VoidInvoiceTest, ADeletedDraftTakesItsItemsWithIt) {
    const std::string swept = text_of(
        sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&currency=usd&amount=700"),
        "id");
    const std::string path =
        "/v1/invoices/" +
        text_of(sandbox_.post("/v1/invoices",
                              "customer=" + customer_ + "&pending_invoice_items_behavior=include"),
                "id");
    sandbox_.remove(path);
    EXPECT_EQ(sandbox_.get("/v1/invoiceitems", "pending=true")["data"], Json::array());
    const std::string item = "/v1/invoiceitems/" + swept;
    EXPECT_EQ(sandbox_.refused(item, "description=no").message,
              "This invoice item has been deleted.");
    const auto refused = sandbox_.call("DELETE", item, "");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().http_status, 400);
    EXPECT_EQ(refused.error().message,
              "Can't delete an invoice item that is attached to an invoice that is no longer "
              "editable");
    EXPECT_EQ(sandbox_.post("/v1/invoices", "customer=" + customer_ +
                                                "&pending_invoice_items_behavior=include")["total"],
              0);
}

// The same source: nothing was attempted where the money came by another way.
TEST_F(VoidInvoiceTest, PayingOutOfBandAttemptsNothing) {
    sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&currency=usd&amount=700");
    const std::string path =
        "/v1/invoices/" +
        text_of(sandbox_.post("/v1/invoices",
                              "customer=" + customer_ + "&pending_invoice_items_behavior=include"),
                "id");
    const Json paid = sandbox_.post(path + "/pay", "paid_out_of_band=true");
    EXPECT_EQ(paid["status"], "paid");
    EXPECT_EQ(paid["attempted"], false);
    EXPECT_EQ(paid["attempt_count"], 0);
    const Json nothing = sandbox_.post("/v1/invoices", "customer=" + customer_);
    EXPECT_EQ(sandbox_.post("/v1/invoices/" + text_of(nothing, "id") + "/finalize")["attempted"],
              true);
}

}  // namespace
}  // namespace turnpike::twin
