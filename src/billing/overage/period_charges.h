#pragma once

#include "metering/period_billing.h"
#include "sql/sql.h"

namespace turnpike {

/// The close of this period and every charge for it: its own, and adjustments of later closes.
PeriodBilling load_period_billing(sql::Transaction& tx, const BilledPeriod& period);

}  // namespace turnpike
