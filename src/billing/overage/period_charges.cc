#include "billing/overage/period_charges.h"

#include <string_view>

namespace turnpike {
namespace {

constexpr std::string_view kClose = R"sql(
    SELECT state FROM period_closes WHERE subscription_id = $1 AND period_start = $2
)sql";

// The close says on which invoice its lines are. It has forgotten which when a draft was finalized
// while they were to be taken off it; the lines themselves say so then.
constexpr std::string_view kCharges = R"sql(
    SELECT c.id, c.billed_period_start, c.quantity, c.unit_price, c.amount_minor, c.currency,
           c.created_at, c.provider_invoice_item_id, p.provider,
           COALESCE(i.provider_invoice_id, p.provider_invoice_id), i.id, i.number, i.status, l.id
      FROM overage_charges c
      JOIN period_closes p
        ON p.subscription_id = c.subscription_id AND p.period_start = c.line_period_start
      LEFT JOIN invoices i
        ON i.id = COALESCE((SELECT m.id FROM invoices m
                             WHERE m.provider = p.provider
                               AND m.provider_invoice_id = p.provider_invoice_id),
                           (SELECT MAX(k.invoice_id) FROM invoice_lines k
                             WHERE k.overage_charge_id = c.line_charge_id))
      LEFT JOIN invoice_lines l ON l.invoice_id = i.id AND l.overage_charge_id = c.line_charge_id
     WHERE c.subscription_id = $1 AND c.meter_key = $2 AND c.period_start = $3
     ORDER BY c.billed_period_start, c.segment
)sql";

PeriodBilling::State state_of(sql::Transaction& tx, const BilledPeriod& period) {
    const auto close = tx.one(kClose, {period.subscription, period.start});
    if (!close) return PeriodBilling::State::Open;
    return close->text(0) == "done" ? PeriodBilling::State::Closed : PeriodBilling::State::Closing;
}

BilledOn invoice_from(const sql::Row& row) {
    BilledOn on{.provider = row.text(8),
                .provider_invoice_id = row.text(9),
                .invoice = {},
                .number = row.maybe_text(11),
                .status = row.maybe_text(12),
                .line = {}};
    if (!row.is_null(10)) on.invoice = row.id<InvoiceId>(10);
    if (!row.is_null(13)) on.line = row.id<InvoiceLineId>(13);
    return on;
}

PeriodCharge charge_from(const sql::Row& row, Instant period_start) {
    using Kind = PeriodCharge::Kind;
    PeriodCharge charge{
        .id = row.id<OverageChargeId>(0),
        .kind = row.instant(1) == period_start ? Kind::Overage : Kind::Adjustment,
        .quantity = row.quantity(2),
        .unit_price = row.unit_price(3),
        .amount = Money(row.integer(4), *parse_currency(row.text(5))),
        .created_at = row.instant(6),
    };
    const bool is_billed = !row.is_null(7) && !row.text(9).empty();
    if (is_billed) charge.on = invoice_from(row);
    return charge;
}

}  // namespace

PeriodBilling load_period_billing(sql::Transaction& tx, const BilledPeriod& period) {
    PeriodBilling billing{state_of(tx, period), {}};
    for (const auto& row : tx.all(kCharges, {period.subscription, period.meter_key, period.start}))
        billing.charges.push_back(charge_from(row, period.start));
    return billing;
}

}  // namespace turnpike
