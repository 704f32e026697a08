#include "sandbox/stripe/customers/balance_transactions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/testing/billing_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;

TEST(ChangesAtFinalization, SayWhatWasAppliedAndWhatWasTooSmall) {
    struct Case {
        const char* name;
        std::int64_t starting, ending;
        std::vector<std::pair<std::string, std::int64_t>> changes;
    };
    const Case cases[] = {
        {"no balance", 0, 0, {}},
        {"credit that was used up", -500, 0, {{"applied_to_invoice", 500}}},
        {"credit that is left", -3000, -1000, {{"applied_to_invoice", 2000}}},
        {"a debt that was collected", 500, 0, {{"applied_to_invoice", -500}}},
        {"an invoice below the smallest charge", 0, 40, {{"invoice_too_small", 40}}},
        {"a negative invoice", 0, -300, {{"invoice_too_small", -300}}},
        {"a negative invoice on credit", -500, -800, {{"invoice_too_small", -300}}},
        {"credit leaves too little to charge",
         -500,
         20,
         {{"applied_to_invoice", 500}, {"invoice_too_small", 20}}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        std::vector<std::pair<std::string, std::int64_t>> changes;
        std::int64_t sum = 0;
        for (const BalanceChange& change : changes_at_finalization(c.starting, c.ending)) {
            changes.emplace_back(change.type, change.amount);
            sum += change.amount;
        }
        EXPECT_EQ(changes, c.changes);
        EXPECT_EQ(sum, c.ending - c.starting);
    }
}

class BalanceTransactions : public ::testing::Test {
protected:
    Json list(const std::string& query = "") {
        return sandbox_.get("/v1/customers/" + customer_ + "/balance_transactions", query)
            .at("data");
    }
    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer("pm_card_visa", "&balance=-100");
};

TEST_F(BalanceTransactions, RecordEveryChange) {
    sandbox_.post("/v1/customers/" + customer_, "balance=-700");
    sandbox_.post("/v1/customers/" + customer_, "name=Ada+L.");  // no change of the balance
    sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&currency=usd&amount=300");
    const std::string invoice =
        text_of(sandbox_.post("/v1/invoices",
                              "customer=" + customer_ + "&pending_invoice_items_behavior=include"),
                "id");
    sandbox_.post("/v1/invoices/" + invoice + "/finalize");
    EXPECT_THAT(amounts_of(list()), ElementsAre(300, -600, -100));
    EXPECT_THAT(texts_of(list(), "type"),
                ElementsAre("applied_to_invoice", "adjustment", "initial"));
    EXPECT_EQ(list("invoice=" + invoice).size(), 1);
    EXPECT_EQ(list()[0].at("ending_balance"), -400);
    EXPECT_EQ(list()[0].at("invoice"), invoice);
    EXPECT_EQ(sandbox_.get("/v1/customers/" + customer_).at("balance"), -400);
}

// A balance that was set without any currency known is in the account's own.
TEST_F(BalanceTransactions, BindTheCustomerToTheirCurrency) {
    const std::string ann = sandbox_.customer("", "&balance=-1000");
    const Json booked = sandbox_.get("/v1/customers/" + ann + "/balance_transactions")["data"][0];
    EXPECT_EQ(booked.at("currency"), "usd");
    EXPECT_EQ(sandbox_.get("/v1/customers/" + ann).at("currency"), nullptr);
    const std::string item = "customer=" + ann + "&amount=1000&currency=";
    EXPECT_THAT(sandbox_.refused("/v1/invoiceitems", item + "eur").message,
                ::testing::EndsWith("or invoice item with currency usd."));
    EXPECT_EQ(sandbox_.post("/v1/invoiceitems", item + "usd").at("currency"), "usd");
}

TEST_F(BalanceTransactions, AreMadeByTheSeller) {
    sandbox_.new_events();
    const std::string path = "/v1/customers/" + customer_ + "/balance_transactions";
    const Json made =
        sandbox_.post(path, "amount=-50&currency=usd&description=Sorry&metadata[a]=b");
    EXPECT_EQ(made.at("type"), "adjustment");
    EXPECT_EQ(made.at("ending_balance"), -150);
    EXPECT_THAT(sandbox_.new_events(), ElementsAre("customer.updated"));
    EXPECT_EQ(sandbox_.get("/v1/customers/" + customer_).at("balance"), -150);
    const std::string one = path + "/" + text_of(made, "id");
    EXPECT_EQ(sandbox_.get(one), made);
    EXPECT_EQ(sandbox_.post(one, "description=").at("description"), Json());

    EXPECT_EQ(sandbox_.refused(path, "currency=usd").param, "amount");
    EXPECT_EQ(sandbox_.refused(path, "amount=100000000&currency=usd").code, "amount_too_large");
    EXPECT_EQ(sandbox_.refused("/v1/customers/cus_x/balance_transactions", "amount=1&currency=usd")
                  .http_status,
              404);
    const std::string other = sandbox_.customer("");
    EXPECT_EQ(
        sandbox_
            .call("GET", "/v1/customers/" + other + "/balance_transactions/" + text_of(made, "id"),
                  "")
            .error()
            .http_status,
        404);
}

}  // namespace
}  // namespace turnpike::twin
