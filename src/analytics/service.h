#pragma once

#include "analytics/figures.h"
#include "analytics/revenue.h"
#include "sql/sql.h"

namespace turnpike {

/// The facts behind the figures, straight from the ledger.
RevenueFacts load_revenue_facts(sql::Transaction& tx, const FigureScope& scope, Currency currency);

}  // namespace turnpike
