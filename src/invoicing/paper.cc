#include "invoicing/paper.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/decimal.h"

namespace turnpike {
namespace {

constexpr auto kMonths =
    std::to_array<std::string_view>({"January", "February", "March", "April", "May", "June", "July",
                                     "August", "September", "October", "November", "December"});

/// "1 March 2026"
std::string day_text(Instant moment) {
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(moment));
    return fmt::format("{} {} {}", static_cast<unsigned>(day.day()),
                       kMonths.at(static_cast<unsigned>(day.month()) - 1),
                       static_cast<int>(day.year()));
}

/// "1,234.50 USD"
std::string amount_text(Money amount) {
    const int digits = exponent_of(amount.currency());
    std::string number = format_scaled(amount.minor(), digits);
    const auto dot = number.find('.');
    const std::size_t written = dot == std::string::npos ? 0 : number.size() - dot - 1;
    if (digits > 0 && dot == std::string::npos) number += '.';
    number.append(static_cast<std::size_t>(digits) - written, '0');
    const std::size_t first = number.starts_with('-') ? 1 : 0;
    for (auto i = std::min(number.find('.'), number.size()); i > first + 3; i -= 3)
        number.insert(i - 3, ",");
    std::string code(to_text(amount.currency()));
    std::ranges::transform(code, code.begin(), [](char c) { return static_cast<char>(c & ~0x20); });
    return number + " " + code;
}

std::string mark_of(InvoiceStatus status) {
    switch (status) {
        case InvoiceStatus::Draft: return "DRAFT";
        case InvoiceStatus::Paid: return "PAID";
        case InvoiceStatus::Void: return "VOID";
        case InvoiceStatus::Uncollectible: return "UNCOLLECTIBLE";
        case InvoiceStatus::Open: return "";
    }
    return "";
}

void add_fact(PdfDocument& paper, const char* label, const std::optional<std::string>& value) {
    if (value && !value->empty()) paper.facts.push_back({label, *value});
}
void add_day(PdfDocument& paper, const char* label, const std::optional<Instant>& moment) {
    if (moment) paper.facts.push_back({label, day_text(*moment)});
}

void add_parties(PdfDocument& paper, const Seller& seller, const Buyer& buyer) {
    PdfParty from{seller.name, seller.address};
    for (const std::string& line : {seller.tax_id, seller.email})
        if (!line.empty()) from.lines.push_back(line);
    PdfParty to{"Bill to", {}};
    for (const std::string& line : {buyer.name, buyer.email})
        if (!line.empty()) to.lines.push_back(line);
    if (to.lines.empty()) to.lines.push_back(buyer.reference);
    if (!from.heading.empty() || !from.lines.empty()) paper.parties.push_back(std::move(from));
    paper.parties.push_back(std::move(to));
}

std::string period_text(const Period& period) {
    if (period.start == period.end) return "";
    return day_text(period.start) + " – " + day_text(period.end);
}

std::string headline_of(const Invoice& invoice) {
    switch (invoice.status) {
        case InvoiceStatus::Paid:
            return amount_text(invoice.amount_paid) + " paid" +
                   (invoice.paid_at ? " " + day_text(*invoice.paid_at) : "");
        case InvoiceStatus::Open:
        case InvoiceStatus::Draft:
            return amount_text(invoice.amount_due) + " due" +
                   (invoice.due_at ? " " + day_text(*invoice.due_at) : "");
        case InvoiceStatus::Void:
        case InvoiceStatus::Uncollectible: return "";
    }
    return "";
}

void add_total(PdfDocument& paper, const char* label, Money amount) {
    if (amount.minor() != 0) paper.totals.push_back({label, amount_text(amount)});
}

Money negated(Money amount) { return {-amount.minor(), amount.currency()}; }

void add_totals(PdfDocument& paper, const Invoice& invoice) {
    using Weight = PdfTotal::Weight;
    paper.totals.push_back({"Subtotal", amount_text(invoice.subtotal)});
    add_total(paper, "Discount", negated(invoice.discount));
    add_total(paper, "Tax", invoice.tax);
    paper.totals.push_back({"Total", amount_text(invoice.total), Weight::Strong});
    add_total(paper, "Balance applied", negated(invoice.credit_applied));
    add_total(paper, "Credit notes", negated(invoice.credited));
    add_total(paper, "Amount paid", negated(invoice.amount_paid));
    add_total(paper, "Refunded", invoice.refunded);
    if (invoice.status == InvoiceStatus::Open || invoice.status == InvoiceStatus::Draft)
        paper.totals.push_back({"Amount due", amount_text(invoice.amount_due), Weight::Strong});
}

}  // namespace

PdfDocument paper_of(const Invoice& invoice, const Seller& seller, const Buyer& buyer) {
    PdfDocument paper;
    paper.title = "Invoice";
    paper.mark = mark_of(invoice.status);
    add_fact(paper, "Invoice number", invoice.number);
    add_day(paper, "Date of issue", invoice.issued_at);
    add_day(paper, "Due", invoice.due_at);
    add_day(paper, "Paid", invoice.paid_at);
    add_fact(paper, "Reference", invoice.id.text());
    add_parties(paper, seller, buyer);
    paper.headline = headline_of(invoice);
    for (const InvoiceLine& line : invoice.lines)
        paper.lines.push_back({.description = line.description,
                               .detail = period_text(line.period),
                               .quantity = std::to_string(line.quantity),
                               .unit_price = {},
                               .amount = amount_text(line.amount)});
    add_totals(paper, invoice);
    if (!seller.note.empty()) paper.notes.push_back(seller.note);
    paper.footer = invoice.number.value_or(invoice.id.text());
    return paper;
}

}  // namespace turnpike
