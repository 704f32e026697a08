#include "sandbox/stripe/invoices/invoices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/stripe/invoices/invoice_lines.h"
#include "sandbox/stripe/testing/billing_testing.h"
#include "sandbox/stripe/wire/billing_document.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;

TEST(Settle, MovesCreditsAndSmallAmountsToTheBalance) {
    struct Case {
        const char* name;
        std::int64_t total, balance, due, ending;
    };
    const Case cases[] = {
        {"nothing special", 2900, 0, 2900, 0},
        {"credit covers a part", 2900, -1000, 1900, 0},
        {"credit covers all of it", 2900, -5000, 0, -2100},
        {"credit covers exactly", 2900, -2900, 0, 0},
        {"a debt is collected with it", 2900, 30, 2930, 0},
        {"below the minimum, carried", 49, 0, 0, 49},
        {"the minimum is charged", 50, 0, 50, 0},
        {"a remainder below the minimum is carried", 2900, -2880, 0, 20},
        {"a negative invoice becomes credit", -4000, 0, 0, -4000},
        {"and adds to credit", -4000, -500, 0, -4500},
        {"nothing at all", 0, 0, 0, 0},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const Settlement settlement = settle(c.total, c.balance, 50);
        EXPECT_EQ(settlement.amount_due, c.due);
        EXPECT_EQ(settlement.ending_balance, c.ending);
        // No cent is lost: what was owed is due or stays on the balance.
        EXPECT_EQ(settlement.amount_due + settlement.ending_balance, c.total + c.balance);
    }
}

TEST(Amounts, AreWrittenAsInStripesDescriptions) {
    struct Case {
        std::int64_t minor;
        const char* currency;
        const char* text;
    };
    const Case cases[] = {
        {2500, "usd", "$25.00"}, {5, "usd", "$0.05"},  {123'456'789, "usd", "$1,234,567.89"},
        {-1, "eur", "-€0.01"},   {500, "jpy", "¥500"}, {1234, "kwd", "KWD 1.234"}};
    for (const Case& c : cases) EXPECT_EQ(format_amount(c.minor, c.currency), c.text);
}

class InvoiceTest : public ::testing::Test {
protected:
    Json draft(const std::string& more = "") {
        return sandbox_.post("/v1/invoices", "customer=" + customer_ + more);
    }
    Json add(const std::string& invoice, std::int64_t amount) {
        return sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&invoice=" + invoice +
                                                     "&amount=" + std::to_string(amount) +
                                                     "&currency=usd&description=Work");
    }
    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer();
};

// Recorded at 2026-03-25.dahlia: test_stripe_can_create_an_invoice.
TEST_F(InvoiceTest, TakesPendingItemsAndIsPaidFromTheDraft) {
    sandbox_.post("/v1/invoiceitems", "customer=" + customer_ +
                                          "&amount=1000&currency=usd"
                                          "&description=One-time+setup+fee");
    const Json made = draft("&pending_invoice_items_behavior=include");
    EXPECT_EQ(made["status"], "draft");
    EXPECT_EQ(made["auto_advance"], false);
    EXPECT_EQ(made["billing_reason"], "manual");
    EXPECT_EQ(made["amount_due"], 1000);
    EXPECT_EQ(made["amount_remaining"], 1000);
    EXPECT_EQ(made["ending_balance"], nullptr);
    EXPECT_EQ(made["number"], nullptr);
    EXPECT_EQ(made["parent"], nullptr);
    const Json paid = sandbox_.post("/v1/invoices/" + text_of(made, "id") + "/pay");
    EXPECT_EQ(paid["status"], "paid");
    EXPECT_EQ(paid["attempt_count"], 1);
    EXPECT_EQ(made["rendering"]["pdf"]["page_size"], "auto");
    EXPECT_EQ(paid["rendering"]["pdf"]["page_size"], "letter");  // of an American account
    EXPECT_EQ(paid["amount_paid"], 1000);
    EXPECT_EQ(paid["ending_balance"], 0);
    EXPECT_EQ(paid["number"],
              text_of(sandbox_.get("/v1/customers/" + customer_), "invoice_prefix") + "-0001");
    const Json again = sandbox_.get("/v1/invoice_payments", "invoice=" + text_of(made, "id"));
    const Json intent = sandbox_.get("/v1/payment_intents/" +
                                     text_of(again["data"][0]["payment"], "payment_intent"));
    EXPECT_EQ(intent["description"], "Payment for Invoice");
    EXPECT_EQ(intent["setup_future_usage"], nullptr);
    // The way back from a PaymentIntent to its invoice since basil.
    EXPECT_EQ(sandbox_.get("/v1/invoice_payments",
                           "payment[type]=payment_intent&status=paid&payment[payment_intent]=" +
                               text_of(intent, "id"))["data"],
              again["data"]);
}

TEST_F(InvoiceTest, LeavesPendingItemsAloneByDefault) {
    sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&amount=1000&currency=usd");
    EXPECT_TRUE(draft()["lines"]["data"].empty());
}

TEST_F(InvoiceTest, DraftsAreEdited) {
    const std::string id = text_of(draft(), "id");
    const Json item = add(id, 1000);
    const std::string item_path = "/v1/invoiceitems/" + text_of(item, "id");
    sandbox_.post(item_path, "amount=2500&metadata[a]=b");
    Json invoice = sandbox_.get("/v1/invoices/" + id);
    EXPECT_THAT(amounts_of(invoice["lines"]["data"]), ElementsAre(2500));
    EXPECT_EQ(invoice["lines"]["data"][0]["metadata"]["a"], "b");
    const Json second = add(id, 700);
    sandbox_.remove("/v1/invoiceitems/" + text_of(second, "id"));
    invoice = sandbox_.post("/v1/invoices/" + id + "/finalize");
    EXPECT_EQ(invoice["status"], "open");
    EXPECT_EQ(invoice["total"], 2500);

    EXPECT_EQ(sandbox_.post("/v1/invoices/" + id, "metadata[k]=v")["metadata"]["k"], "v");
}

TEST_F(InvoiceTest, UsesCreditFirst) {
    const std::string refund = text_of(draft(), "id");
    add(refund, -3000);
    EXPECT_EQ(sandbox_.post("/v1/invoices/" + refund + "/finalize")["status"], "paid");
    EXPECT_EQ(sandbox_.get("/v1/customers/" + customer_)["balance"], -3000);

    const std::string next = text_of(draft(), "id");
    add(next, 5000);
    const Json paid = sandbox_.post("/v1/invoices/" + next + "/pay");
    EXPECT_EQ(paid["total"], 5000);
    EXPECT_EQ(paid["starting_balance"], -3000);
    EXPECT_EQ(paid["amount_paid"], 2000);
    EXPECT_EQ(paid["ending_balance"], 0);
    EXPECT_EQ(sandbox_.get("/v1/customers/" + customer_)["balance"], 0);
}

TEST_F(InvoiceTest, BelowTheMinimumIsPaidByCarryingIt) {
    const std::string id = text_of(draft(), "id");
    add(id, 49);
    const Json paid = sandbox_.post("/v1/invoices/" + id + "/finalize");
    EXPECT_EQ(paid["status"], "paid");
    EXPECT_EQ(paid["amount_due"], 0);
    EXPECT_EQ(sandbox_.get("/v1/customers/" + customer_)["balance"], 49);
}

TEST_F(InvoiceTest, AFailedPaymentKeepsItsTraces) {
    const std::string id = text_of(draft(), "id");
    add(id, 5000);
    const Json bad = sandbox_.post("/v1/payment_methods/pm_card_chargeCustomerFail/attach",
                                   "customer=" + customer_);
    const StripeError error =
        sandbox_.refused("/v1/invoices/" + id + "/pay", "payment_method=" + text_of(bad, "id"));
    EXPECT_EQ(error.http_status, 402);
    EXPECT_EQ(error.code, "card_declined");
    EXPECT_EQ(error.decline_code, "generic_decline");
    EXPECT_EQ(error.extra["payment_intent"]["status"], "requires_payment_method");
    const Json invoice = sandbox_.get("/v1/invoices/" + id);
    EXPECT_EQ(invoice["status"], "open");
    EXPECT_EQ(invoice["attempt_count"], 1);
    EXPECT_EQ(sandbox_.post("/v1/invoices/" + id + "/pay")["status"], "paid");
    EXPECT_EQ(sandbox_.refused("/v1/invoices/" + id + "/pay", "").message,
              "Invoice is already paid");
}

TEST_F(InvoiceTest, PayingThatNeedsTheCardholderIsACardError) {
    const std::string id = text_of(draft(), "id");
    add(id, 5000);
    const Json asks = sandbox_.post("/v1/payment_methods/pm_card_authenticationRequired/attach",
                                    "customer=" + customer_);
    const StripeError error =
        sandbox_.refused("/v1/invoices/" + id + "/pay", "payment_method=" + text_of(asks, "id"));
    EXPECT_EQ(error.http_status, 402);
    EXPECT_EQ(error.type, "card_error");
    EXPECT_EQ(error.code, "invoice_payment_intent_requires_action");
    EXPECT_EQ(error.extra["payment_intent"]["status"], "requires_action");
}

TEST_F(InvoiceTest, IsSentOnceItIsFinal) {
    const std::string id =
        text_of(draft("&collection_method=send_invoice&days_until_due=30"), "id");
    add(id, 5000);
    sandbox_.new_events();
    const Json sent = sandbox_.post("/v1/invoices/" + id + "/send");
    EXPECT_EQ(sent["status"], "open");
    EXPECT_EQ(sent["due_date"], unix_seconds(sandbox_.now()) + 30 * 86'400);
    EXPECT_THAT(sandbox_.new_events(),
                ElementsAre("invoice.finalized", "payment_intent.created", "invoice.sent"));
}

TEST_F(InvoiceTest, HasTheNumberAndTheDateThatItIsGiven) {
    const std::string day = std::to_string(unix_seconds(sandbox_.now()) - 86'400);
    const std::string path =
        "/v1/invoices/" + text_of(draft("&number=A-7&effective_at=" + day), "id");
    EXPECT_EQ(sandbox_.get(path)["number"], "A-7");
    const Json final = sandbox_.post(path + "/finalize");
    EXPECT_EQ(final["number"], "A-7");
    EXPECT_EQ(final["effective_at"], unix_seconds(sandbox_.now()) - 86'400);
    EXPECT_EQ(sandbox_.refused(path, "number=A-8").param, "number");
    // One that is given does not count: the customer's own numbers begin at 1.
    const Json next = sandbox_.post("/v1/invoices/" + text_of(draft(), "id") + "/finalize");
    EXPECT_THAT(text_of(next, "number"), ::testing::EndsWith("-0001"));
}

TEST_F(InvoiceTest, AnItemMayHaveAPriceOfItsOwn) {
    const std::string product = text_of(sandbox_.post("/v1/products", "name=Setup"), "id");
    const std::string data = "customer=" + customer_ +
                             "&price_data[currency]=usd&price_data[unit_amount]=1250"
                             "&price_data[product]=";
    const Json item = sandbox_.post("/v1/invoiceitems", data + product + "&quantity=2");
    EXPECT_EQ(item["amount"], 2 * 1250);
    EXPECT_EQ(item["description"], "Setup");
    EXPECT_EQ(item["pricing"]["price_details"]["product"], product);
    EXPECT_EQ(item["pricing"]["unit_amount_decimal"], "1250");
    EXPECT_EQ(sandbox_.refused("/v1/invoiceitems", data + "prod_nope").param,
              "price_data[product]");
    EXPECT_EQ(sandbox_.refused("/v1/invoiceitems", data + product + "&price_data[zz]=1").param,
              "price_data[zz]");
    const auto recurring = sandbox_.refused(
        "/v1/invoiceitems", data + product + "&price_data[recurring][interval]=day");
    EXPECT_EQ(recurring.code, "parameter_unknown");
    EXPECT_EQ(recurring.param, "price_data[recurring]");
    const StripeError both =
        sandbox_.refused("/v1/invoiceitems", data + product + "&price=price_1");
    EXPECT_EQ(both.code, "");
    EXPECT_EQ(both.param, "price");
    EXPECT_THAT(sandbox_.get("/v1/prices")["data"], ::testing::IsEmpty());
}

TEST_F(InvoiceTest, IsNotSentWhereItIsCharged) {
    const std::string id = text_of(draft(), "id");
    EXPECT_EQ(sandbox_.refused("/v1/invoices/" + id + "/send", "").message,
              "You can only manually send an invoice if its collection method is 'send_invoice'.");
    EXPECT_EQ(sandbox_.get("/v1/invoices/" + id)["status"], "draft");
}

TEST_F(InvoiceTest, IsVoidedWrittenOffOrPaidElsewhere) {
    const auto open = [&] {
        const std::string id = text_of(draft(), "id");
        add(id, 5000);
        sandbox_.post("/v1/invoices/" + id + "/finalize");
        return "/v1/invoices/" + id;
    };
    const std::string voided = open(), lost = open(), elsewhere = open();
    EXPECT_EQ(sandbox_.post(voided + "/void")["status"], "void");
    EXPECT_FALSE(sandbox_.call("POST", voided + "/void", ""));
    EXPECT_FALSE(sandbox_.call("POST", voided + "/pay", ""));
    EXPECT_EQ(sandbox_.post(lost + "/mark_uncollectible")["status"], "uncollectible");
    EXPECT_EQ(sandbox_.post(lost + "/pay")["status"], "paid");
    EXPECT_EQ(sandbox_.post(elsewhere + "/pay", "paid_out_of_band=true")["status"], "paid");
    EXPECT_THAT(texts_of(sandbox_.get("/v1/invoices", "status=paid")["data"], "id"),
                ElementsAre(elsewhere.substr(13), lost.substr(13)));
}

TEST_F(InvoiceTest, CollectsByItselfWhenItAdvances) {
    const std::string id = text_of(draft(), "id");
    add(id, 5000);
    EXPECT_EQ(sandbox_.post("/v1/invoices/" + id + "/finalize", "auto_advance=true")["status"],
              "paid");

    const std::string waiting = text_of(draft("&auto_advance=true"), "id");
    add(waiting, 5000);
    sandbox_.run_until(sandbox_.now() + kDraftLifetime);
    EXPECT_EQ(sandbox_.get("/v1/invoices/" + waiting)["status"], "paid");
}

TEST_F(InvoiceTest, NumbersHaveNoGaps) {
    std::vector<std::string> numbers;
    for (int i = 0; i < 3; ++i) {
        const std::string id = text_of(draft(), "id");
        add(id, 100);
        draft();  // a draft has no number
        numbers.push_back(
            text_of(sandbox_.post("/v1/invoices/" + id + "/finalize"), "number").substr(8));
    }
    EXPECT_THAT(numbers, ElementsAre("-0001", "-0002", "-0003"));
}

TEST_F(InvoiceTest, TheLastNumberLocksNobodyOut) {
    const std::string path = "/v1/customers/" + customer_;
    const auto number = [](const char* text) {
        return "next_invoice_sequence=" + std::string(text);
    };
    EXPECT_EQ(sandbox_.refused(path, number("0")).param, "next_invoice_sequence");
    EXPECT_EQ(sandbox_.refused(path, number("1000000001")).param, "next_invoice_sequence");
    sandbox_.post(path, number("1000000000"));
    const std::string id = text_of(draft(), "id");
    add(id, 100);
    sandbox_.post("/v1/invoices/" + id + "/finalize");
    EXPECT_EQ(sandbox_.post(path, "name=Ada")["next_invoice_sequence"], 1'000'000'001);
}

TEST_F(InvoiceTest, ItemsKeepPeriodAndQuantity) {
    const Json item =
        sandbox_.post("/v1/invoiceitems", "customer=" + customer_ +
                                              "&currency=usd&unit_amount_decimal=0.5&quantity=2345"
                                              "&period[start]=1000&period[end]=2000");
    EXPECT_EQ(item["amount"], 1173);  // 2345 x 0.5 = 1172.5, half up
    EXPECT_EQ(item["period"]["start"], 1000);
    EXPECT_EQ(item["period"]["end"], 2000);
    EXPECT_FALSE(sandbox_.call("POST", "/v1/invoiceitems", "customer=" + customer_));
    EXPECT_FALSE(sandbox_.call("POST", "/v1/invoiceitems", "customer=cus_x&amount=1"));
}

TEST_F(InvoiceTest, IsOfASubscriptionOfItsCustomer) {
    const Json other =
        sandbox_.post("/v1/subscriptions", "customer=" + sandbox_.customer() +
                                               "&items[0][price]=" + sandbox_.price("Gold", 2900));
    const std::string id = text_of(other, "id");
    for (const std::string& subscription : {id, std::string("sub_nope")}) {
        const StripeError error =
            sandbox_.refused("/v1/invoiceitems",
                             "customer=" + customer_ + "&amount=100&subscription=" + subscription);
        EXPECT_EQ(error.param, "subscription");
        EXPECT_EQ(error.message, "No such subscription: '" + subscription + "'");
    }
    for (const char* path : {"/v1/invoices", "/v1/invoices/create_preview"}) {
        const StripeError error =
            sandbox_.refused(path, "customer=" + customer_ + "&subscription=" + id);
        EXPECT_EQ(error.param, "customer");
        EXPECT_EQ(error.message, "The subscription is of another customer.");
    }
}

}  // namespace
}  // namespace turnpike::twin
