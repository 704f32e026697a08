#include "sandbox/stripe/pages/billing_pdf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/documents.h"
#include "sandbox/stripe/pages/invoice_sums.h"
#include "sandbox/stripe/testing/billing_testing.h"

namespace turnpike::twin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::string> totals_of(const PdfDocument& document) {
    std::vector<std::string> rows;
    for (const PdfTotal& total : document.totals) rows.push_back(total.label + " " + total.amount);
    return rows;
}

class BillingPdf : public ::testing::Test {
protected:
    /// A finalized invoice over one line "Seat", with more parameters for the item.
    std::string invoice(const std::string& currency, const std::string& item) {
        const std::string draft = text_of(
            sandbox_.post("/v1/invoices", "customer=" + customer_ + "&currency=" + currency +
                                              "&description=Hello&footer=Bye"),
            "id");
        sandbox_.post("/v1/invoiceitems", "customer=" + customer_ + "&invoice=" + draft +
                                              "&currency=" + currency + "&description=Seat&" +
                                              item);
        sandbox_.post("/v1/invoices/" + draft + "/finalize");
        return draft;
    }
    PdfDocument pdf(const std::string& id) {
        return pdf_of_invoice(sandbox_.get("/v1/invoices/" + id));
    }
    std::optional<PdfDocument> print(const std::string& kind, const std::string& id) {
        return sandbox_.in_transaction([&](Context& ctx) -> std::optional<PdfDocument> {
            for (const PdfRoute& route : pdf_routes())
                if (route.kind == kind) return route.make(ctx, *ctx.find(kind, id));
            return std::nullopt;
        });
    }

    BillingSandbox sandbox_;
    std::string customer_ =
        sandbox_.customer("pm_card_visa",
                          "&address[line1]=1+Main+St&address[city]=Springfield&address[state]=IL"
                          "&address[postal_code]=62701&address[country]=US");
};

TEST_F(BillingPdf, SaysWhatAnOpenInvoiceSays) {
    const std::string id = invoice("usd", "unit_amount_decimal=1250&quantity=2");
    const PdfDocument document = pdf(id);
    EXPECT_EQ(document.headline, "$25.00 due");
    EXPECT_EQ(document.mark, "");
    ASSERT_EQ(document.parties.size(), 2);
    EXPECT_THAT(document.parties[1].lines,
                ElementsAre("Ada", "1 Main St", "Springfield IL 62701", "US", "ada@example.com"));
    ASSERT_EQ(document.lines.size(), 1);
    EXPECT_EQ(document.lines[0].description, "Seat");
    EXPECT_EQ(document.lines[0].quantity, "2");
    EXPECT_EQ(document.lines[0].unit_price, "$12.50");
    EXPECT_EQ(document.lines[0].amount, "$25.00");
    EXPECT_THAT(totals_of(document),
                ElementsAre("Total $25.00", "Amount due $25.00", "Amount paid $0.00"));
    EXPECT_THAT(document.notes, ElementsAre("Hello", "Bye", HasSubstr("sandbox")));
}

TEST_F(BillingPdf, WritesAmountsAsTheirCurrenciesAre) {
    struct Case {
        const char* currency;
        const char* item;
        const char* unit;
        const char* due;
    };
    const Case cases[] = {
        {"jpy", "unit_amount_decimal=600&quantity=2", "¥600", "Amount due ¥1,200"},
        {"kwd", "unit_amount_decimal=1230&quantity=1", "KWD 1.230", "Amount due KWD 1.230"},
        {"usd", "unit_amount_decimal=0.5&quantity=1000", "$0.005", "Amount due $5.00"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.currency);
        customer_ = sandbox_.customer("");
        const PdfDocument document = pdf(invoice(c.currency, c.item));
        EXPECT_EQ(document.lines.at(0).unit_price, c.unit);
        EXPECT_EQ(totals_of(document).at(1), c.due);
    }
}

// $25.00, $5.00 of them from the balance, $3.00 credited: $17.00 are left to pay.
TEST_F(BillingPdf, SumsAddUp) {
    sandbox_.post("/v1/customers/" + customer_, "balance=-500");
    const std::string id = invoice("usd", "amount=2500");
    const Json note = sandbox_.post("/v1/credit_notes", "invoice=" + id + "&amount=300&memo=Sorry");
    EXPECT_THAT(totals_of(pdf(id)),
                ElementsAre("Total $25.00", "Applied balance -$5.00", "Credit notes -$3.00",
                            "Amount due $17.00", "Amount paid $0.00"));
    const PdfDocument of_note = pdf_of_credit_note(note, sandbox_.get("/v1/invoices/" + id));
    EXPECT_EQ(of_note.headline, "$3.00 credited");
    EXPECT_THAT(totals_of(of_note), ElementsAre("Total $3.00", "Taken from the amount due $3.00"));
    EXPECT_EQ(of_note.notes.at(0), "Sorry");

    sandbox_.post("/v1/credit_notes/" + text_of(note, "id") + "/void");
    EXPECT_EQ(pdf_of_credit_note(sandbox_.get("/v1/credit_notes/" + text_of(note, "id")),
                                 sandbox_.get("/v1/invoices/" + id))
                  .mark,
              "VOID");
    sandbox_.post("/v1/invoices/" + id + "/pay");
    EXPECT_EQ(pdf(id).mark, "PAID");
    EXPECT_EQ(pdf(id).headline, "$20.00 paid 1 March 2026");
}

TEST(SumsOf, ShowDiscountsBeforeTheTotal) {
    const Json invoice = Json::parse(R"({"lines": {"data": [{"amount": 1000}, {"amount": 2000}]},
        "total": 2700, "starting_balance": 0, "ending_balance": 0, "amount_due": 2700,
        "amount_paid": 0})");
    std::vector<std::pair<std::string, std::int64_t>> rows;
    for (const SumRow& row : sums_of(invoice)) rows.emplace_back(row.label, row.amount);
    EXPECT_THAT(rows, ElementsAre(std::pair("Subtotal", 3000), std::pair("Discount", -300),
                                  std::pair("Total", 2700), std::pair("Amount due", 2700),
                                  std::pair("Amount paid", 0)));
}

TEST_F(BillingPdf, AreSentAsFiles) {
    const std::string id = invoice("usd", "amount=2500");
    const Json stored = sandbox_.get("/v1/invoices/" + id);
    EXPECT_THAT(text_of(stored, "invoice_pdf"), HasSubstr("/p/invoice/" + id + "/pdf"));
    const http::Response response = pdf_response(print("invoice", id).value());
    EXPECT_EQ(*http::find_header(response.headers, "Content-Type"), "application/pdf");
    EXPECT_EQ(*http::find_header(response.headers, "Content-Disposition"),
              "inline; filename=\"" + text_of(stored, "number") + ".pdf\"");
    EXPECT_THAT(response.body, StartsWith("%PDF-"));

    const Json note = sandbox_.post("/v1/credit_notes", "invoice=" + id + "&amount=1");
    EXPECT_THAT(text_of(note, "pdf"), HasSubstr("/p/credit_note/" + text_of(note, "id") + "/pdf"));
    EXPECT_EQ(print("credit_note", text_of(note, "id")).value().title, "Credit note");

    const Json draft = sandbox_.post("/v1/invoices", "customer=" + customer_);
    EXPECT_FALSE(print("invoice", text_of(draft, "id")));  // not yet
}

}  // namespace
}  // namespace turnpike::twin
