#include "invoicing/paper.h"

#include <algorithm>
#include <utility>

#include "base/decimal.h"
#include "base/time_in_words.h"
#include "invoicing/amount_text.h"

namespace turnpike {
namespace {

std::string status_mark(InvoiceStatus status) {
    switch (status) {
        case InvoiceStatus::Draft: return "DRAFT";
        case InvoiceStatus::Paid: return "PAID";
        case InvoiceStatus::Void: return "VOID";
        case InvoiceStatus::Uncollectible: return "UNCOLLECTIBLE";
        case InvoiceStatus::Open: return "";
    }
    return "";
}

/// What has become of the money since is as much a part of it.
std::string mark_of(const Invoice& invoice) {
    std::string mark = status_mark(invoice.status);
    const auto add = [&](std::string_view word) {
        if (!mark.empty()) mark += ", ";
        mark += word;
    };
    const auto refunded = invoice.refunded.minor();
    if (refunded > 0) add(refunded < invoice.amount_paid.minor() ? "PARTLY REFUNDED" : "REFUNDED");
    if (invoice.disputed) add("DISPUTED");
    return mark;
}

void add_fact(PdfDocument& paper, const char* label, const std::optional<std::string>& value) {
    if (value && !value->empty()) paper.facts.push_back({label, *value});
}
void add_day(PdfDocument& paper, const char* label, const std::optional<Instant>& moment) {
    if (moment) paper.facts.push_back({label, day_in_words(*moment)});
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
    return day_in_words(period.start) + " – " + day_in_words(period.end);
}

std::string headline_of(const Invoice& invoice) {
    switch (invoice.status) {
        case InvoiceStatus::Paid:
            return paper_amount(invoice.amount_paid) + " paid" +
                   (invoice.paid_at ? " " + day_in_words(*invoice.paid_at) : "");
        case InvoiceStatus::Open:
        case InvoiceStatus::Draft:
            return paper_amount(invoice.amount_due) + " due" +
                   (invoice.due_at ? " " + day_in_words(*invoice.due_at) : "");
        case InvoiceStatus::Void:
        case InvoiceStatus::Uncollectible: return "";
    }
    return "";
}

void add_total(PdfDocument& paper, const char* label, Money amount) {
    if (amount.minor() != 0) paper.totals.push_back({label, paper_amount(amount)});
}

Money negated(Money amount) { return {-amount.minor(), amount.currency()}; }

/// Amounts that are charged in less than all their digits do not look rounded: it is said.
std::string rounding_text(Money amount, const std::string& product) {
    const Money step(charged_in(amount.currency()), amount.currency());
    if (step.minor() == 1 || product == paper_amount(amount)) return "";
    return product + ", rounded to the nearest " + paper_amount(step);
}

/// The quantity times the unit price is the amount, on every line.
struct Terms {
    std::string quantity, unit_price;
    std::string rounding{};  ///< "" where the product is the amount as written
};

Terms terms_of(const InvoiceLine& line, const BilledUsages& usages) {
    const Currency currency = line.amount.currency();
    const auto found = line.overage_charge ? usages.find(*line.overage_charge) : usages.end();
    if (found != usages.end()) {
        const auto& [quantity, price, unit] = found->second;
        const auto product = extend(quantity, price, currency, Rounding::HalfUp);
        if (product && *product == line.amount)
            return {quantity_text(quantity), unit_price_text(price, currency) + " per " + unit,
                    rounding_text(line.amount, product_text(quantity, price, currency))};
    }
    const bool is_even = line.quantity != 0 && line.amount.minor() % line.quantity == 0;
    return {quantity_text(Quantity::whole(line.quantity)),
            is_even ? paper_amount(Money(line.amount.minor() / line.quantity, currency)) : ""};
}

std::string detail_text(const Period& period, const std::string& rounding) {
    std::string detail = period_text(period);
    if (!detail.empty() && !rounding.empty()) detail += '\n';
    return detail + rounding;
}

void add_totals(PdfDocument& paper, const Invoice& invoice) {
    using Weight = PdfTotal::Weight;
    paper.totals.push_back({"Subtotal", paper_amount(invoice.subtotal)});
    add_total(paper, "Discount", negated(invoice.discount));
    add_total(paper, "Tax", invoice.tax);
    paper.totals.push_back({"Total", paper_amount(invoice.total), Weight::Strong});
    add_total(paper, "Balance applied", negated(invoice.credit_applied));
    add_total(paper, "Credit notes", negated(invoice.credited));
    add_total(paper, "Amount paid", negated(invoice.amount_paid));
    add_total(paper, "Refunded", invoice.refunded);
    if (invoice.status == InvoiceStatus::Open || invoice.status == InvoiceStatus::Draft)
        paper.totals.push_back({"Amount due", paper_amount(invoice.amount_due), Weight::Strong});
}

}  // namespace

PdfDocument paper_of(const Invoice& invoice, const Seller& seller, const Buyer& buyer,
                     const BilledUsages& usages) {
    PdfDocument paper;
    paper.title = "Invoice";
    paper.mark = mark_of(invoice);
    add_fact(paper, "Invoice number", invoice.number);
    add_day(paper, "Date of issue", invoice.issued_at);
    add_day(paper, "Due", invoice.due_at);
    add_day(paper, "Paid", invoice.paid_at);
    add_fact(paper, "Reference", invoice.id.text());
    add_parties(paper, seller, buyer);
    paper.headline = headline_of(invoice);
    for (const InvoiceLine& line : invoice.lines) {
        Terms terms = terms_of(line, usages);
        paper.lines.push_back({.description = line.description,
                               .detail = detail_text(line.period, terms.rounding),
                               .quantity = std::move(terms.quantity),
                               .unit_price = std::move(terms.unit_price),
                               .amount = paper_amount(line.amount)});
    }
    add_totals(paper, invoice);
    if (invoice.disputed)
        paper.notes.emplace_back("The payment of this invoice is disputed through a bank.");
    if (!seller.note.empty()) paper.notes.push_back(seller.note);
    paper.footer = invoice.number.value_or(invoice.id.text());
    return paper;
}

}  // namespace turnpike
