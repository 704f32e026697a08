#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "base/error.h"
#include "base/id.h"
#include "base/money.h"
#include "base/time.h"
#include "billing/records/stored_close.h"
#include "metering/counter.h"
#include "rating/adjustment.h"
#include "rating/overage.h"
#include "sql/sql.h"

namespace turnpike {

/// One frozen line: what it says and costs never changes again. An adjustment charges, or gives
/// back, what late usage and corrections have changed in a period since it was charged.
struct OverageCharge {
    OverageChargeId id;
    std::string meter_key, meter_name;
    Period period;  ///< that was used
    std::int64_t segment;
    Quantity quantity;
    UnitPrice unit_price;
    Money amount;
    std::optional<std::string> provider_item;  ///< where it is billed
    enum class Kind : std::uint8_t { Overage, Adjustment } kind;
    Instant due_by;    ///< the period's begin of the close that found it due
    std::string line;  ///< the charge whose line it is on; "" while it waits for a later close
};
/// As an invoice line says it: "API calls overage: 2,345 × 0.02 USD", or "API calls overage,
/// adjusted: -45 × 0.02 USD". The amount is not always the product: see adjust_overage().
std::string describe(const OverageCharge& charge);

/// What this close has to charge for one period: what is owed less what other closes have charged.
/// Errors: those of rate_overage.
struct ChargeDue {
    Period period;  ///< that was used
    std::string meter_key;
    PlanVersionId plan_version;
    OverageLine line;
};
Result<std::vector<ChargeDue>> charges_due(sql::Transaction& tx, const PeriodClose& close,
                                           const UsedPeriod& used, Currency currency);

/// What other closes have charged for this counter, each segment once.
std::vector<ChargedOverage> charged_elsewhere(sql::Transaction& tx, const PeriodClose& close,
                                              const std::string& meter_key, Instant period_start);

/// Freezes one charge for each. What this close has frozen before stays as it is.
void freeze_charges(sql::Transaction& tx, const PeriodClose& close,
                    const std::vector<ChargeDue>& due, IdSource& ids, Instant now);
/// Those that this close bills, by period, meter and segment.
std::vector<OverageCharge> load_charges(sql::Transaction& tx, const PeriodClose& close);

// Of all charges that share the line of `head`.
void mark_line_billed(sql::Transaction& tx, const OverageChargeId& head,
                      const std::string& provider_item);
void mark_line_taken_back(sql::Transaction& tx, const OverageChargeId& head,
                          const std::string& provider_item);

}  // namespace turnpike
