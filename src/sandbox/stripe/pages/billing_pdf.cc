#include "sandbox/stripe/pages/billing_pdf.h"

#include <array>
#include <string>
#include <utility>

#include "pdf/render.h"
#include "sandbox/documents.h"
#include "sandbox/html.h"
#include "sandbox/stripe/core/page_parts.h"
#include "sandbox/stripe/pages/invoice_sums.h"
#include "sandbox/stripe/wire/price_amount.h"

namespace turnpike::twin {
namespace {

constexpr const char* kSandboxNote = "Made by a sandbox. Nothing was sold, nothing is owed.";

std::string amount_text(std::int64_t amount, const Json& object) {
    return format_amount(amount, text_of(object, "currency"));
}

void add_fact(PdfDocument& document, const char* label, std::string value) {
    if (!value.empty()) document.facts.push_back({label, std::move(value)});
}

void add_total(PdfDocument& document, std::string label, std::string amount,
               PdfTotal::Weight weight = PdfTotal::Weight::Plain) {
    document.totals.push_back({std::move(label), std::move(amount), weight});
}

void add_note(PdfDocument& document, std::string note) {
    if (!note.empty()) document.notes.push_back(std::move(note));
}

/// Who is billed, as the invoice keeps it: the id of a customer of whom it knows nothing else.
PdfParty buyer(const Json& invoice) {
    PdfParty party{"Bill to", {}};
    const auto add = [&](std::string line) {
        if (!line.empty()) party.lines.push_back(std::move(line));
    };
    add(text_of(invoice, "customer_name"));
    const Json& address = part_of(invoice, "customer_address");
    for (const char* member : {"line1", "line2"}) add(text_of(address, member));
    std::string city = text_of(address, "city");
    for (const char* member : {"state", "postal_code"})
        if (const std::string more = text_of(address, member); !more.empty())
            city += (city.empty() ? "" : " ") + more;
    add(std::move(city));
    add(text_of(address, "country"));
    add(text_of(invoice, "customer_email"));
    if (party.lines.empty()) party.lines.push_back(text_of(invoice, "customer"));
    return party;
}

void add_parties(PdfDocument& document, const Json& invoice) {
    document.parties.push_back(
        {text_of(invoice, "account_name"), {text_of(invoice, "account_country")}});
    document.parties.push_back(buyer(invoice));
}

std::string period_text(const Json& line) {
    const Json& period = part_of(line, "period");
    const auto start = instant_of(period, "start");
    const auto end = instant_of(period, "end");
    if (!start || !end || *start == *end) return "";
    return long_day(*start) + " - " + long_day(*end);
}

std::string quantity_text(const Json& line) {
    return line.contains("quantity") && line.at("quantity").is_number_integer()
               ? std::to_string(integer_of(line, "quantity"))
               : "";
}

/// "" for the line of a bare amount.
std::string unit_text(const std::string& decimal, const std::string& currency) {
    return decimal.empty() ? "" : format_rate(decimal, currency);
}

std::string headline_of(const Json& invoice) {
    const std::string status = text_of(invoice, "status");
    if (status == "paid")
        return amount_text(integer_of(invoice, "amount_paid"), invoice) + " paid " +
               day_text(part_of(invoice, "status_transitions"), "paid_at");
    if (status == "void") return "";
    const std::string due = day_text(invoice, "due_date");
    return amount_text(integer_of(invoice, "amount_remaining"), invoice) + " due" +
           (due.empty() ? "" : " " + due);
}

std::string mark_of(const Json& object) {
    const std::string status = text_of(object, "status");
    return status == "void" ? "VOID" : status == "paid" ? "PAID" : "";
}

std::optional<PdfDocument> print_invoice(Context& /*ctx*/, const Json& invoice) {
    if (text_of(invoice, "status") == "draft") return std::nullopt;
    return pdf_of_invoice(invoice);
}

std::optional<PdfDocument> print_credit_note(Context& ctx, const Json& note) {
    const auto invoice = ctx.find("invoice", text_of(note, "invoice"));
    if (!invoice) return std::nullopt;
    return pdf_of_credit_note(note, *invoice);
}

constexpr auto kPdfRoutes = std::to_array<PdfRoute>({
    {"GET", "/p/invoice/{id}/pdf", "invoice", print_invoice},
    {"GET", "/p/credit_note/{id}/pdf", "credit_note", print_credit_note},
});

}  // namespace

std::span<const PdfRoute> pdf_routes() { return kPdfRoutes; }

http::Response pdf_response(const PdfDocument& document) {
    http::Response response = http::html_response(200, render_pdf(document));
    for (auto& [name, value] : response.headers)
        if (name == "Content-Type") value = "application/pdf";
    // The footer is the document's number: letters, digits and dashes.
    response.headers.emplace_back("Content-Disposition",
                                  "inline; filename=\"" + document.footer + ".pdf\"");
    response.headers.emplace_back("Cache-Control", "no-store");
    response.headers.emplace_back("X-Content-Type-Options", "nosniff");
    return response;
}

PdfDocument pdf_of_invoice(const Json& invoice) {
    PdfDocument document;
    document.title = "Invoice";
    document.mark = mark_of(invoice);
    add_fact(document, "Invoice number", text_of(invoice, "number"));
    add_fact(document, "Date of issue", day_text(invoice, "effective_at"));
    add_fact(document, "Date due", day_text(invoice, "due_date"));
    add_parties(document, invoice);
    document.headline = headline_of(invoice);
    for (const Json& line : invoice.at("lines").at("data"))
        document.lines.push_back(
            {text_of(line, "description"), period_text(line), quantity_text(line),
             unit_text(text_of(part_of(line, "pricing"), "unit_amount_decimal"),
                       text_of(invoice, "currency")),
             amount_text(integer_of(line, "amount"), invoice)});
    for (const SumRow& row : sums_of(invoice))
        add_total(
            document, row.label, amount_text(row.amount, invoice),
            row.kind == SumRow::Kind::Result ? PdfTotal::Weight::Strong : PdfTotal::Weight::Plain);
    add_note(document, text_of(invoice, "description"));
    add_note(document, text_of(invoice, "footer"));
    add_note(document, kSandboxNote);
    document.footer = text_of(invoice, "number");
    return document;
}

PdfDocument pdf_of_credit_note(const Json& note, const Json& invoice) {
    PdfDocument document;
    document.title = "Credit note";
    document.mark = mark_of(note);
    add_fact(document, "Credit note number", text_of(note, "number"));
    add_fact(document, "Invoice number", text_of(invoice, "number"));
    add_fact(document, "Date of issue", day_text(note, "effective_at"));
    add_parties(document, invoice);
    const auto text_of_amount = [&](const char* member) {
        return amount_text(integer_of(note, member), note);
    };
    document.headline = text_of_amount("total") + " credited";
    for (const Json& line : note.at("lines").at("data"))
        document.lines.push_back(
            {text_of(line, "description"), "", quantity_text(line),
             unit_text(text_of(line, "unit_amount_decimal"), text_of(note, "currency")),
             amount_text(integer_of(line, "amount"), note)});
    if (integer_of(note, "discount_amount") != 0) {
        const std::int64_t discount = integer_of(note, "discount_amount");
        add_total(document, "Subtotal", amount_text(integer_of(note, "total") + discount, note));
        add_total(document, "Discount", amount_text(-discount, note));
    }
    add_total(document, "Total", text_of_amount("total"), PdfTotal::Weight::Strong);
    if (integer_of(note, "pre_payment_amount") != 0)
        add_total(document, "Taken from the amount due", text_of_amount("pre_payment_amount"));
    if (integer_of(note, "post_payment_amount") != 0)
        add_total(document, "Given back", text_of_amount("post_payment_amount"));
    add_note(document, text_of(note, "memo"));
    add_note(document, kSandboxNote);
    document.footer = text_of(note, "number");
    return document;
}

}  // namespace turnpike::twin
