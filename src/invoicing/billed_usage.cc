#include "invoicing/billed_usage.h"

namespace turnpike {
namespace {

constexpr std::string_view kBilled = R"sql(
    SELECT c.id, c.quantity, c.unit_price, m.unit
      FROM invoice_lines l
      JOIN overage_charges c ON c.id = l.overage_charge_id
      JOIN meters m ON m.key = c.meter_key
     WHERE l.invoice_id = $1
       AND NOT EXISTS (SELECT 1 FROM overage_charges o
                        WHERE o.line_charge_id = c.id AND o.id <> c.id)
)sql";

}  // namespace

BilledUsages load_billed_usages(sql::Transaction& tx, const InvoiceId& invoice) {
    BilledUsages usages;
    for (const auto& row : tx.all(kBilled, {invoice}))
        usages.insert_or_assign(row.id<OverageChargeId>(0),
                                BilledUsage{row.quantity(1), row.unit_price(2), row.text(3)});
    return usages;
}

}  // namespace turnpike
