#pragma once

#include "analytics/revenue.h"
#include "sql/sql.h"

namespace turnpike {

/// The facts behind the figures, straight from the ledger, at `now`.
RevenueFacts load_revenue_facts(sql::Transaction& tx, Currency currency, Instant now);

}  // namespace turnpike
