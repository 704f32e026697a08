#include "sandbox/stripe/invoices/line_edits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/testing/billing_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LineEdits : public ::testing::Test {
protected:
    LineEdits()
        : path_("/v1/invoices/" +
                text_of(sandbox_.post("/v1/invoices", "customer=" + customer_), "id")) {}

    Json lines() { return sandbox_.get(path_).at("lines").at("data"); }
    std::string line(std::size_t number) { return text_of(lines().at(number), "id"); }
    std::string pending(std::int64_t amount) {
        return text_of(sandbox_.post("/v1/invoiceitems", "customer=" + customer_ +
                                                             "&currency=usd&description=Waiting"
                                                             "&amount=" +
                                                             std::to_string(amount)),
                       "id");
    }

    BillingSandbox sandbox_;
    std::string customer_ = sandbox_.customer();
    std::string path_;
};

// The documentation's example: an amount, a price, and an item that was waiting.
TEST_F(LineEdits, AddLinesOfEveryKind) {
    const Json product = sandbox_.post("/v1/products", "name=Seat");
    const std::string price =
        text_of(sandbox_.post("/v1/prices",
                              "currency=usd&unit_amount=300&product=" + text_of(product, "id")),
                "id");
    const std::string item = pending(50);
    const Json invoice =
        sandbox_.post(path_ + "/add_lines",
                      "lines[0][amount]=7500&lines[0][description]=Work&lines[0][metadata][a]=b"
                      "&lines[0][period][start]=1772366400&lines[0][period][end]=1772370000"
                      "&lines[1][pricing][price]=" +
                          price + "&lines[1][quantity]=2&lines[2][invoice_item]=" + item);
    EXPECT_EQ(invoice.at("total"), 7500 + 600 + 50);
    EXPECT_THAT(amounts_of(invoice.at("lines").at("data")), ElementsAre(7500, 600, 50));
    EXPECT_THAT(texts_of(invoice.at("lines").at("data"), "description"),
                ElementsAre("Work", "Seat", "Waiting"));
    EXPECT_EQ(lines()[0].at("metadata"), Json({{"a", "b"}}));
    EXPECT_EQ(lines()[0].at("period").at("end"), 1'772'370'000);
    EXPECT_EQ(sandbox_.get("/v1/invoiceitems/" + item).at("invoice"), invoice.at("id"));
}

TEST_F(LineEdits, ChangeLinesAndTheItemsBehindThem) {
    sandbox_.post(path_ + "/add_lines", "lines[0][amount]=1000&lines[1][amount]=2000");
    const std::string first = line(0);
    const Json invoice =
        sandbox_.post(path_ + "/update_lines",
                      "lines[0][id]=" + first + "&lines[0][amount]=1500&lines[1][id]=" + line(1) +
                          "&lines[1][description]=New");
    EXPECT_EQ(invoice.at("total"), 3500);
    EXPECT_THAT(texts_of(lines(), "description"), ElementsAre("", "New"));
    EXPECT_EQ(line(0), first);
    const Json one = sandbox_.post(path_ + "/lines/" + first, "description=Work&metadata[k]=v");
    EXPECT_EQ(one.at("description"), "Work");
    const std::string item = text_of(one.at("parent").at("invoice_item_details"), "invoice_item");
    EXPECT_EQ(sandbox_.get("/v1/invoiceitems/" + item).at("amount"), 1500);
    EXPECT_EQ(sandbox_.get("/v1/invoiceitems/" + item).at("metadata"), Json({{"k", "v"}}));
}

TEST_F(LineEdits, RemoveLinesOrLetThemWait) {
    sandbox_.post(path_ + "/add_lines",
                  "lines[0][amount]=1000&lines[1][amount]=2000&lines[2][amount]=4000");
    const std::string item =
        text_of(lines()[1].at("parent").at("invoice_item_details"), "invoice_item");
    const Json invoice =
        sandbox_.post(path_ + "/remove_lines", "lines[0][id]=" + line(0) +
                                                   "&lines[0][behavior]=delete&lines[1]"
                                                   "[id]=" +
                                                   line(1) + "&lines[1][behavior]=unassign");
    EXPECT_EQ(invoice.at("total"), 4000);
    EXPECT_THAT(amounts_of(lines()), ElementsAre(4000));
    const Json waiting = sandbox_.get("/v1/invoiceitems", "pending=true").at("data");
    EXPECT_THAT(texts_of(waiting, "id"), ElementsAre(item));
}

TEST_F(LineEdits, OfASubscriptionOnlyDescribe) {
    const std::string clock = sandbox_.test_clock(sandbox_.now());
    customer_ = sandbox_.customer("pm_card_visa", "&test_clock=" + clock);
    sandbox_.post("/v1/subscriptions",
                  "customer=" + customer_ + "&items[0][price]=" + sandbox_.price("Pro", 2500));
    sandbox_.advance(clock, sandbox_.now() + std::chrono::hours(24 * 31));
    const Json drafts = sandbox_.get("/v1/invoices", "customer=" + customer_ + "&status=draft");
    ASSERT_EQ(drafts.at("data").size(), 1);
    path_ = "/v1/invoices/" + text_of(drafts.at("data").at(0), "id");
    const std::string one = path_ + "/lines/" + line(0);
    EXPECT_EQ(sandbox_.post(one, "description=March&metadata[k]=v").at("description"), "March");
    EXPECT_EQ(sandbox_.refused(one, "amount=1").message,
              "The line item " + line(0) +
                  " belongs to a subscription. Of such a line only `description` and `metadata` "
                  "can be changed.");
    EXPECT_EQ(lines()[0].at("amount"), 2500);
}

TEST_F(LineEdits, AreRefusedTogether) {
    sandbox_.post(path_ + "/add_lines", "lines[0][amount]=1000");
    const std::string others = pending(10);
    sandbox_.new_events();
    struct Case {
        const char* name;
        const char* edit;
        std::string form;
        const char* param;
        const char* code;
    };
    const Case cases[] = {
        {"nothing", "add_lines", "", "lines", "parameter_missing"},
        {"a wrong second line", "add_lines", "lines[0][amount]=5&lines[1][amount]=x",
         "lines[1][amount]", "parameter_invalid_integer"},
        {"neither amount nor price", "add_lines", "lines[0][description]=x", "amount",
         "parameter_missing"},
        {"an item of nobody", "add_lines", "lines[0][invoice_item]=ii_x", "lines[0][invoice_item]",
         "resource_missing"},
        {"taxes", "add_lines", "lines[0][amount]=5&lines[0][tax_rates][0]=txr_1",
         "lines[0][tax_rates]", ""},
        {"unknown", "add_lines", "lines[0][amount]=5&lines[0][customer]=cus_1",
         "lines[0][customer]", "parameter_unknown"},
        {"no such line", "update_lines", "lines[0][id]=il_x&lines[0][amount]=5", "lines[0][id]",
         "resource_missing"},
        {"no word what becomes of it", "remove_lines", "lines[0][id]=" + line(0),
         "lines[0][behavior]", "parameter_missing"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const StripeError error = sandbox_.refused(path_ + "/" + c.edit, c.form);
        EXPECT_EQ(error.param, c.param) << error.message;
        EXPECT_EQ(error.code, c.code) << error.message;
    }
    EXPECT_THAT(amounts_of(lines()), ElementsAre(1000));
    EXPECT_THAT(sandbox_.new_events(), IsEmpty());

    const std::string remove = "lines[0][behavior]=delete&lines[0][id]=" + line(0);
    sandbox_.post(path_ + "/finalize");
    EXPECT_EQ(sandbox_.refused(path_ + "/add_lines", "lines[0][amount]=5").code,
              "invoice_not_editable");
    EXPECT_EQ(sandbox_.refused(path_ + "/remove_lines", remove).code, "invoice_not_editable");
}

}  // namespace
}  // namespace turnpike::twin
