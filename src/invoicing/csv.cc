#include "base/csv.h"

#include <array>

#include "base/decimal.h"
#include "invoicing/wire.h"

namespace turnpike {
namespace {

constexpr auto kColumns = std::to_array<std::string_view>({"id",
                                                           "number",
                                                           "status",
                                                           "customer",
                                                           "subscription",
                                                           "provider",
                                                           "provider_invoice_id",
                                                           "billing_reason",
                                                           "currency",
                                                           "subtotal",
                                                           "discount",
                                                           "tax",
                                                           "total",
                                                           "credit_applied",
                                                           "credited",
                                                           "amount_due",
                                                           "amount_paid",
                                                           "amount_refunded",
                                                           "disputed",
                                                           "period_start",
                                                           "period_end",
                                                           "issued_at",
                                                           "due_at",
                                                           "paid_at",
                                                           "created_at",
                                                           "hosted_url"});

void put_amount(std::string& line, Money amount) {
    put_csv_value(line, format_scaled(amount.minor(), exponent_of(amount.currency())));
}

void put_moment(std::string& line, const std::optional<Instant>& moment) {
    put_csv_value(line, moment ? format_rfc3339(*moment) : "");
}

}  // namespace

std::string csv_head() {
    std::string line;
    for (const std::string_view column : kColumns) put_csv_value(line, column);
    end_csv_line(line);
    return line;
}

void put_csv_invoice(std::string& lines, const Invoice& invoice) {
    put_csv_value(lines, invoice.id.text());
    put_csv_text(lines, invoice.number.value_or(""));
    put_csv_value(lines, to_text(invoice.status));
    put_csv_value(lines, invoice.customer.text());
    put_csv_value(lines, invoice.subscription ? invoice.subscription->text() : "");
    put_csv_value(lines, invoice.provider);
    put_csv_text(lines, invoice.provider_invoice_id);
    put_csv_text(lines, invoice.billing_reason);
    put_csv_value(lines, to_text(invoice.total.currency()));
    for (const Money amount :
         {invoice.subtotal, invoice.discount, invoice.tax, invoice.total, invoice.credit_applied,
          invoice.credited, invoice.amount_due, invoice.amount_paid, invoice.refunded})
        put_amount(lines, amount);
    put_csv_value(lines, invoice.disputed ? "true" : "false");
    put_csv_value(lines, format_rfc3339(invoice.period.start));
    put_csv_value(lines, format_rfc3339(invoice.period.end));
    for (const auto& moment : {invoice.issued_at, invoice.due_at, invoice.paid_at})
        put_moment(lines, moment);
    put_csv_value(lines, format_rfc3339(invoice.created_at));
    put_csv_text(lines, invoice.hosted_url.value_or(""));
    end_csv_line(lines);
}

}  // namespace turnpike
