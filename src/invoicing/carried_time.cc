#include "invoicing/carried_time.h"

#include <algorithm>
#include <string>

#include "base/letter_case.h"
#include "base/time_in_words.h"

namespace turnpike {
namespace {

// A trial of before the move ended before the line's time began.
constexpr std::string_view kCarried = R"sql(
    SELECT l.id, p.name, m.from_provider, m.begins_at
      FROM invoices i
      JOIN invoice_lines l ON l.invoice_id = i.id AND l.kind = 'plan' AND l.amount_minor = 0
      JOIN provider_moves m ON m.subscription_id = i.subscription_id AND m.to_provider = i.provider
                           AND m.begins_at = l.period_end AND m.state = 'done'
      JOIN subscriptions s ON s.id = i.subscription_id
                          AND (s.trial_end IS NULL OR s.trial_end < l.period_start)
      JOIN provider_prices c ON c.provider = i.provider
                            AND c.provider_price_id = l.provider_price_id
      JOIN prices r ON r.id = c.price_id
      JOIN plan_versions v ON v.id = r.plan_version_id
      JOIN plans p ON p.id = v.plan_id
     WHERE i.id = $1
)sql";

bool may_be_carried(const InvoiceLine& line) {
    return line.kind == LineKind::Plan && line.amount.minor() == 0;
}

/// "Razorpay"
std::string provider_name(std::string name) {
    if (!name.empty()) name.front() = to_upper(name.front());
    return name;
}

}  // namespace

void name_carried_time(sql::Transaction& tx, Invoice& invoice) {
    if (!invoice.subscription || std::ranges::none_of(invoice.lines, may_be_carried)) return;
    for (const auto& row : tx.all(kCarried, {invoice.id})) {
        const auto id = row.id<InvoiceLineId>(0);
        const auto line = std::ranges::find(invoice.lines, id, &InvoiceLine::id);
        if (line == invoice.lines.end()) continue;
        line->description = row.text(1) + ", paid until " + day_in_words(row.instant(3)) + " at " +
                            provider_name(row.text(2));
    }
}

}  // namespace turnpike
