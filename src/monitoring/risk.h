#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/money.h"
#include "base/time.h"
#include "sql/sql.h"

namespace turnpike {

/// Of one currency: what recurs monthly of subscriptions that somebody should look at.
struct RevenueAtRisk {
    Money monthly;  ///< rounded once, ties to even
    std::int64_t subscriptions = 0;
};
/// Of those that have a part in the MRR (docs/metrics.md) at this moment, or at that of their test
/// clock, and an open finding of an end, a failing payment or an expiring card; each once, by
/// currency in the order of their codes, net of its discounts. catalog "": of all.
std::vector<RevenueAtRisk> load_revenue_at_risk(sql::Transaction& tx, const std::string& catalog,
                                                Instant now);

}  // namespace turnpike
