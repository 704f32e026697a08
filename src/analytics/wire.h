#pragma once

#include "analytics/revenue.h"
#include "json/json.h"

namespace turnpike {

/// The body of GET /billing/admin/stats. Amounts are rounded here and only here, ties to even;
/// rates are decimal strings with four digits; what cannot be said is null with a reason beside it.
Json write_revenue_stats(const RevenueStats& stats, Instant as_of);

}  // namespace turnpike
