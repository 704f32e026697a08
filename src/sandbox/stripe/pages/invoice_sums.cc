#include "sandbox/stripe/pages/invoice_sums.h"

#include "sandbox/documents.h"

namespace turnpike::twin {

std::vector<SumRow> sums_of(const Json& invoice) {
    std::vector<SumRow> rows;
    const auto add = [&](const char* label, std::int64_t amount) {
        rows.push_back({.label = label, .amount = amount});
    };
    const std::int64_t total = integer_of(invoice, "total");
    std::int64_t gross = 0;
    for (const Json& line : part_of(part_of(invoice, "lines"), "data"))
        gross += integer_of(line, "amount");
    if (gross != total) {
        add("Subtotal", gross);
        add("Discount", total - gross);
    }
    add("Total", total);
    const std::int64_t starting = integer_of(invoice, "starting_balance");
    if (const std::int64_t from_balance = starting - integer_of(invoice, "ending_balance");
        from_balance != 0)
        add(starting != 0 ? "Applied balance" : "Moved to your balance", from_balance);
    if (const auto credited = integer_of(invoice, "pre_payment_credit_notes_amount"); credited != 0)
        add("Credit notes", -credited);
    add("Amount due", integer_of(invoice, "amount_due"));
    rows.back().kind = SumRow::Kind::Result;
    add("Amount paid", integer_of(invoice, "amount_paid"));
    return rows;
}

}  // namespace turnpike::twin
