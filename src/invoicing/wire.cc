#include "invoicing/wire.h"

#include "json/write.h"

namespace turnpike {
namespace {

Json write_line(const InvoiceLine& line) {
    return Json{
        {"id", line.id.text()},
        {"object", "invoice_line"},
        {"kind", to_text(line.kind)},
        {"description", line.description},
        {"quantity", line.quantity},
        {"amount", write_money(line.amount)},
        {"period", write_period(line.period)},
    };
}

}  // namespace

Json write_invoice(const Invoice& invoice) {
    Json lines = Json::array();
    for (const auto& line : invoice.lines) lines.push_back(write_line(line));
    return Json{
        {"id", invoice.id.text()},
        {"object", "invoice"},
        {"customer", invoice.customer.text()},
        {"subscription", invoice.subscription ? Json(invoice.subscription->text()) : Json()},
        {"number", write_optional(invoice.number)},
        {"status", to_text(invoice.status)},
        {"billing_reason", invoice.billing_reason},
        {"subtotal", write_money(invoice.subtotal)},
        {"total", write_money(invoice.total)},
        {"amount_due", write_money(invoice.amount_due)},
        {"amount_paid", write_money(invoice.amount_paid)},
        {"tax", write_money(invoice.tax)},
        {"discount", write_money(invoice.discount)},
        {"credit_applied", write_money(invoice.credit_applied)},
        {"credited", write_money(invoice.credited)},
        {"amount_refunded", write_money(invoice.refunded)},
        {"disputed", invoice.disputed},
        {"due_at", write_instant(invoice.due_at)},
        {"attempt_count", invoice.attempt_count},
        {"next_attempt_at", write_instant(invoice.next_attempt_at)},
        {"period", write_period(invoice.period)},
        {"lines", lines},
        {"hosted_url", write_optional(invoice.hosted_url)},
        {"pdf_url", write_optional(invoice.pdf_url)},
        {"provider", invoice.provider},
        {"provider_invoice_id", invoice.provider_invoice_id},
        {"issued_at", write_instant(invoice.issued_at)},
        {"paid_at", write_instant(invoice.paid_at)},
        {"created_at", format_rfc3339(invoice.created_at)},
    };
}

}  // namespace turnpike
