#include "billing/overage/overage_charge.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>

#include "invoicing/amount_text.h"
#include "rating/adjustment.h"
#include "rating/overage.h"

namespace turnpike {
namespace {

constexpr std::string_view kFreeze = R"sql(
    INSERT INTO overage_charges (id, subscription_id, meter_key, period_start, period_end, segment,
           billed_period_start, plan_version_id, quantity, unit_price, amount_minor, currency,
           provider_invoice_item_id, line_charge_id, line_period_start, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL, $1, $7, $13)
    ON CONFLICT (subscription_id, meter_key, period_start, segment, billed_period_start) DO NOTHING
)sql";

constexpr std::string_view kChargedElsewhere = R"sql(
    SELECT segment, quantity, unit_price, amount_minor, currency
      FROM overage_charges
     WHERE subscription_id = $1 AND meter_key = $2 AND period_start = $3
       AND billed_period_start <> $4
)sql";

constexpr std::string_view kCharges = R"sql(
    SELECT c.id, c.meter_key, m.name, c.period_start, c.period_end, c.segment, c.quantity,
           c.unit_price, c.amount_minor, c.currency, c.provider_invoice_item_id,
           c.billed_period_start, c.line_charge_id
      FROM overage_charges c JOIN meters m ON m.key = c.meter_key
     WHERE c.subscription_id = $1 AND c.line_period_start = $2
     ORDER BY c.period_start, c.meter_key, c.segment, c.billed_period_start
)sql";

constexpr std::string_view kChargeBilled = R"sql(
    UPDATE overage_charges SET provider_invoice_item_id = $2
     WHERE line_charge_id = $1 AND provider_invoice_item_id IS NULL
)sql";

constexpr std::string_view kChargeTakenBack = R"sql(
    UPDATE overage_charges SET provider_invoice_item_id = NULL
     WHERE line_charge_id = $1 AND provider_invoice_item_id = $2
)sql";

}  // namespace

std::vector<ChargedOverage> charged_elsewhere(sql::Transaction& tx, const PeriodClose& close,
                                              const std::string& meter_key, Instant period_start) {
    std::map<std::int64_t, ChargedOverage> by_segment;
    for (const auto& row : tx.all(kChargedElsewhere, {close.subscription, meter_key, period_start,
                                                      close.period.start})) {
        const ChargedOverage charge{static_cast<std::size_t>(row.integer(0)), row.quantity(1),
                                    row.unit_price(2),
                                    Money(row.integer(3), *parse_currency(row.text(4)))};
        const auto [at, is_first] = by_segment.emplace(row.integer(0), charge);
        if (is_first) continue;
        at->second.quantity = at->second.quantity + charge.quantity;
        at->second.amount = at->second.amount + charge.amount;
    }
    std::vector<ChargedOverage> charged;
    for (const auto& [segment, charge] : by_segment) charged.push_back(charge);
    return charged;
}

std::string describe(const OverageCharge& charge) {
    const bool is_adjustment = charge.kind == OverageCharge::Kind::Adjustment;
    return charge.meter_name + (is_adjustment ? " overage, adjusted: " : " overage: ") +
           quantity_text(charge.quantity) + " × " +
           unit_price_text(charge.unit_price, charge.amount.currency());
}

Result<std::vector<ChargeDue>> charges_due(sql::Transaction& tx, const PeriodClose& close,
                                           const UsedPeriod& used, Currency currency) {
    std::vector<ChargeDue> due;
    for (const auto& metered : used.meters) {
        const auto owed = rate_overage(metered.segments, currency);
        if (!owed) return failure(owed);
        const auto charged = charged_elsewhere(tx, close, metered.meter_key, used.period.start);
        for (const auto& line : adjust_overage(*owed, charged))
            due.push_back(
                {used.period, metered.meter_key, metered.plan_versions.at(line.segment), line});
    }
    return due;
}

void freeze_charges(sql::Transaction& tx, const PeriodClose& close,
                    const std::vector<ChargeDue>& due, IdSource& ids, Instant now) {
    for (const auto& [period, meter_key, plan_version, line] : due)
        tx.run(kFreeze, {ids.make<OverageChargeId>(now), close.subscription, meter_key,
                         period.start, period.end, static_cast<std::int64_t>(line.segment),
                         close.period.start, plan_version, line.quantity, line.unit_price,
                         line.amount.minor(), to_text(line.amount.currency()), now});
}

std::vector<OverageCharge> load_charges(sql::Transaction& tx, const PeriodClose& close) {
    using Kind = OverageCharge::Kind;
    std::vector<OverageCharge> charges;
    for (const auto& row : tx.all(kCharges, {close.subscription, close.period.start})) {
        const Period period{row.instant(3), row.instant(4)};
        const bool is_own = period.start == row.instant(11);
        charges.push_back(OverageCharge{
            .id = row.id<OverageChargeId>(0),
            .meter_key = row.text(1),
            .meter_name = row.text(2),
            .period = period,
            .segment = row.integer(5),
            .quantity = row.quantity(6),
            .unit_price = row.unit_price(7),
            .amount = Money(row.integer(8), *parse_currency(row.text(9))),
            .provider_item = row.maybe_text(10),
            .kind = is_own ? Kind::Overage : Kind::Adjustment,
            .due_by = row.instant(11),
            .line = row.text(12),
        });
    }
    return charges;
}

void mark_line_billed(sql::Transaction& tx, const OverageChargeId& head,
                      const std::string& provider_item) {
    tx.run(kChargeBilled, {head, provider_item});
}

void mark_line_taken_back(sql::Transaction& tx, const OverageChargeId& head,
                          const std::string& provider_item) {
    tx.run(kChargeTakenBack, {head, provider_item});
}

}  // namespace turnpike
