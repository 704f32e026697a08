// What a reader's eye finds on our own papers, by pdftotext (Debian: poppler-utils).

#include "invoicing/paper.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "pdf/render.h"

namespace turnpike {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string read_back(const std::string& pdf) {
    const auto file =
        std::filesystem::temp_directory_path() / fmt::format("turnpike_paper_{}.pdf", getpid());
    std::ofstream(file, std::ios::binary) << pdf;
    const std::string command = "pdftotext -layout '" + file.string() + "' -";
    std::string text;
    {
        const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"),
                                                                   pclose);
        std::array<char, 4096> part{};
        while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe.get()))
            text.append(part.data(), size);
    }
    std::filesystem::remove(file);
    EXPECT_FALSE(text.empty()) << command;
    return text;
}

const Instant kMarch = *parse_rfc3339("2026-03-01T00:00:00Z");
const Period kMonth{kMarch, *parse_rfc3339("2026-04-01T00:00:00Z")};

InvoiceLine line(const std::string& description, Money amount) {
    return {.id = InvoiceLineId::trusted("il_1"),
            .provider_line_id = "il",
            .kind = LineKind::Plan,
            .description = description,
            .quantity = 1,
            .amount = amount,
            .period = kMonth};
}

Invoice invoice_of(Currency currency, std::int64_t minor) {
    const auto money = [&](std::int64_t amount) { return Money(amount, currency); };
    return {.id = InvoiceId::trusted("inv_00000000000000000000000001"),
            .customer = CustomerId::trusted("cus_1"),
            .subscription = std::nullopt,
            .provider = "stripe",
            .provider_invoice_id = "in_1",
            .number = "TP-0007",
            .status = InvoiceStatus::Open,
            .billing_reason = "subscription_cycle",
            .subtotal = money(minor),
            .total = money(minor),
            .amount_due = money(minor),
            .amount_paid = money(0),
            .tax = money(0),
            .discount = money(0),
            .credit_applied = money(0),
            .credited = money(0),
            .refunded = money(0),
            .due_at = *parse_rfc3339("2026-03-15T00:00:00Z"),
            .hosted_url = std::nullopt,
            .pdf_url = std::nullopt,
            .period = kMonth,
            .issued_at = kMarch,
            .paid_at = std::nullopt,
            .created_at = kMarch,
            .lines = {line("1 × PRO", money(minor))}};
}

const Seller kSeller{"Example Ltd", {"1 Long Street", "Dublin"}, "VAT IE1234567T", "", "Thanks."};

std::string text_of(const Invoice& invoice, const Buyer& buyer = {"Ada", "ada@example.com", "a"}) {
    return read_back(render_pdf(paper_of(invoice, kSeller, buyer)));
}

TEST(Paper, SaysWhoWhatAndHowMuch) {
    Invoice invoice = invoice_of(Currency::Usd, 1'234'500);
    invoice.subtotal = Money(1'200'000, Currency::Usd);
    invoice.lines.front().amount = invoice.subtotal;
    invoice.discount = Money(15'500, Currency::Usd);
    invoice.tax = Money(50'000, Currency::Usd);
    const auto text = text_of(invoice);
    for (const char* said :
         {"TP-0007", "Example Ltd", "1 Long Street", "VAT IE1234567T", "Ada", "ada@example.com",
          "12,345.00 USD due 15 March 2026", "1 × PRO", "1 March 2026 – 1 April 2026",
          "-155.00 USD", "500.00 USD", "12,000.00 USD", "Thanks."})
        EXPECT_THAT(text, HasSubstr(said));
}

TEST(Paper, MarksWhatIsNotToBePaid) {
    Invoice invoice = invoice_of(Currency::Usd, 2'000);
    EXPECT_THAT(text_of(invoice), Not(HasSubstr("PAID")));
    invoice.status = InvoiceStatus::Paid;
    invoice.amount_paid = invoice.total;
    invoice.paid_at = kMarch;
    EXPECT_THAT(text_of(invoice), HasSubstr("PAID"));
    EXPECT_THAT(text_of(invoice), HasSubstr("20.00 USD paid 1 March 2026"));
    invoice.status = InvoiceStatus::Void;
    EXPECT_THAT(text_of(invoice), HasSubstr("VOID"));
    EXPECT_THAT(text_of(invoice), Not(HasSubstr("due")));
    invoice.status = InvoiceStatus::Draft;
    invoice.number.reset();
    EXPECT_THAT(text_of(invoice), HasSubstr("DRAFT"));
}

TEST(Paper, EveryLineSaysHowMuchOfWhatAtWhichPrice) {
    Invoice invoice = invoice_of(Currency::Kwd, 12'340);
    invoice.lines.front().quantity = 2;  // 2 x 6.170
    InvoiceLine overage = line("API calls overage", Money(10'700, Currency::Kwd));
    overage.kind = LineKind::Overage;
    overage.overage_charge = OverageChargeId::trusted("ovc_1");
    invoice.lines.push_back(overage);
    // 3,567 x 0.003 = 10.701, which is charged in steps of 0.010: 10.700.
    const BilledUsages usages{
        {*overage.overage_charge, {Quantity::whole(3'567), *UnitPrice::parse("0.003"), "call"}}};
    const auto rows = paper_of(invoice, kSeller, {"Ada", "", "a"}, usages).lines;
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].quantity, "2");
    EXPECT_EQ(rows[0].unit_price, "6.170 KWD");
    EXPECT_EQ(rows[0].amount, "12.340 KWD");
    EXPECT_EQ(rows[1].quantity, "3,567");
    EXPECT_EQ(rows[1].unit_price, "0.003 KWD per call");
    EXPECT_EQ(rows[1].amount, "10.700 KWD");
    EXPECT_EQ(rows[1].detail,
              "1 March 2026 – 1 April 2026\n10.701 KWD, rounded to the nearest 0.010 KWD");
}

// Nobody wonders at a cent: it is what the amounts are written in.
TEST(Paper, TellsOfARoundingThatTheDigitsDoNotShow) {
    struct Case {
        Currency currency;
        const char *quantity, *price;
        std::int64_t minor;
        const char* remark;
    };
    const Case cases[] = {
        {Currency::Kwd, "3570", "0.003", 10'710, ""},  // 10.710 as it is
        {Currency::Kwd, "1", "0.0049", 0, "0.0049 KWD, rounded to the nearest 0.010 KWD"},
        {Currency::Kwd, "999999.5", "0.01", 10'000'000,  // 9,999.995
         "9,999.995 KWD, rounded to the nearest 0.010 KWD"},
        {Currency::Usd, "333", "0.0301", 1'002, ""},  // 10.0233
        {Currency::Jpy, "3", "0.5", 2, ""},           // 1.5
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.quantity);
        Invoice invoice = invoice_of(c.currency, c.minor);
        InvoiceLine& overage = invoice.lines.front();
        overage.period.end = overage.period.start;  // which is not written
        overage.overage_charge = OverageChargeId::trusted("ovc_1");
        const BilledUsages usages{
            {*overage.overage_charge,
             {*Quantity::parse(c.quantity), *UnitPrice::parse(c.price), "call"}}};
        const auto rows = paper_of(invoice, kSeller, {"Ada", "", "a"}, usages).lines;
        EXPECT_THAT(rows[0].unit_price, HasSubstr(" per call"));
        EXPECT_EQ(rows[0].detail, c.remark);
    }
}

// What was adjusted is no product, and a third of a cent is no price.
TEST(Paper, NoLineSaysAPriceThatDoesNotMultiplyOut) {
    Invoice invoice = invoice_of(Currency::Usd, 1'000);
    invoice.lines.front().quantity = 3;
    InvoiceLine overage = line("API calls overage, adjusted", Money(45, Currency::Usd));
    overage.overage_charge = OverageChargeId::trusted("ovc_1");
    invoice.lines.push_back(overage);
    // 45 x 0.02 = 0.90, and not 0.45.
    const BilledUsages usages{
        {*overage.overage_charge, {Quantity::whole(45), *UnitPrice::parse("0.02"), "call"}}};
    const auto rows = paper_of(invoice, kSeller, {"Ada", "", "a"}, usages).lines;
    EXPECT_EQ(rows[0].quantity, "3");
    EXPECT_EQ(rows[0].unit_price, "");
    EXPECT_EQ(rows[1].quantity, "1");
    EXPECT_EQ(rows[1].unit_price, "0.45 USD");
}

TEST(Paper, SaysWhatBecameOfTheMoney) {
    Invoice invoice = invoice_of(Currency::Usd, 2'000);
    invoice.status = InvoiceStatus::Paid;
    invoice.amount_paid = invoice.total;
    EXPECT_EQ(paper_of(invoice, kSeller, {}).mark, "PAID");
    invoice.refunded = Money(500, Currency::Usd);
    EXPECT_EQ(paper_of(invoice, kSeller, {}).mark, "PAID, PARTLY REFUNDED");
    EXPECT_THAT(text_of(invoice), HasSubstr("5.00 USD"));
    invoice.refunded = invoice.total;
    EXPECT_EQ(paper_of(invoice, kSeller, {}).mark, "PAID, REFUNDED");
    invoice.refunded = Money(0, Currency::Usd);
    invoice.disputed = true;
    EXPECT_EQ(paper_of(invoice, kSeller, {}).mark, "PAID, DISPUTED");
    EXPECT_THAT(text_of(invoice), HasSubstr("disputed through a bank"));
}

// At whichever number of lines a page ends, the totals are not the only thing on the last one.
TEST(Paper, TotalsAreNeverAlone) {
    for (int count = 1; count <= 40; ++count) {
        Invoice invoice = invoice_of(Currency::Usd, 3 * count);
        invoice.lines.clear();
        for (int i = 1; i <= count; ++i)
            invoice.lines.push_back(line(fmt::format("item-{:04}", i), Money(3, Currency::Usd)));
        const auto text = text_of(invoice);
        const auto last = text.rfind("Subtotal");
        const auto page = text.rfind('\f', last);
        const auto begin = page == std::string::npos ? 0 : page;
        EXPECT_THAT(text.substr(begin, last - begin), HasSubstr("item-")) << count;
    }
}

// ISO 4217: JPY has no minor unit, KWD three digits of them.
TEST(Paper, WritesTheDigitsOfTheCurrency) {
    EXPECT_THAT(text_of(invoice_of(Currency::Jpy, 1'500)), HasSubstr("1,500 JPY"));
    EXPECT_THAT(text_of(invoice_of(Currency::Kwd, 1'234'500)), HasSubstr("1,234.500 KWD"));
    EXPECT_THAT(text_of(invoice_of(Currency::Kwd, 5)), HasSubstr("0.005 KWD"));
    EXPECT_THAT(text_of(invoice_of(Currency::Usd, -150)), HasSubstr("-1.50 USD"));
}

TEST(Paper, NamesOfAllScriptsAndWithoutAny) {
    // "Ada" in Hebrew. pdftotext gives right-to-left text in reading order, marked as such, and may
    // see a space between two letters.
    std::string hebrew = text_of(invoice_of(Currency::Usd, 1), {"עדה", "", "a"});
    std::erase(hebrew, ' ');
    EXPECT_THAT(hebrew, HasSubstr("\u202Bעדה\u202C"));
    EXPECT_THAT(text_of(invoice_of(Currency::Usd, 1), {"", "", "ada-1"}), HasSubstr("ada-1"));
}

TEST(Paper, OfTwoThousandLinesHasThemAllAndTheSameBytesAgain) {
    Invoice invoice = invoice_of(Currency::Usd, 2'000 * 3);
    invoice.lines.clear();
    for (int i = 1; i <= 2'000; ++i)
        invoice.lines.push_back(line(fmt::format("item-{:04}", i), Money(3, Currency::Usd)));
    const auto paper = paper_of(invoice, kSeller, {"Ada", "", "a"});
    const auto file = render_pdf(paper);
    EXPECT_EQ(file, render_pdf(paper));
    const auto text = read_back(file);
    for (const int i : {1, 2, 999, 1'000, 1'999, 2'000})
        EXPECT_THAT(text, HasSubstr(fmt::format("item-{:04}", i)));
    EXPECT_THAT(text, HasSubstr("60.00 USD"));
}

}  // namespace
}  // namespace turnpike
