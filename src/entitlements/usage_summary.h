#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "base/error.h"
#include "base/money.h"
#include "base/time.h"
#include "entitlements/consume.h"
#include "sql/sql.h"

namespace turnpike {

/// One window of one meter.
struct WindowUsage {
    Reset reset;
    Period window;  ///< of a rolling one: up to the customer's now
    Quantity used;
    Quantity reserved;  ///< by open reservations
    Quantity included;
    Quantity remaining;
    std::optional<Quantity> hard_limit;  ///< where usage stops; absent: it goes on
    std::string percentage = "0.0";      ///< of `included`, a JSON number as text: "25.0"
    Quantity overage;                    ///< units beyond allowances so far
    bool overage_allowed = false;
    Money overage_amount{0, Currency::Usd};  ///< if the window ended now
};

/// One meter of the plan: its billing period or, where it has none, its first window; and the other
/// windows in the order of the plan.
struct MeterUsage {
    std::string meter_key;
    WindowUsage now;
    std::vector<WindowUsage> windows;
};

/// What a customer used in the windows that are running: every meter of the plan, in its order.
struct UsageSummary {
    CustomerId customer;
    std::string plan_key;
    std::string plan_name;
    Period period;
    std::vector<MeterUsage> meters;
};

/// Errors: those of load_standing and usage_of.
Result<UsageSummary> load_usage_summary(sql::Transaction& tx, ConsumeWorld world,
                                        std::string_view customer_ref, Instant system_now);

}  // namespace turnpike
