#pragma once

#include <optional>
#include <string>

#include "turnpike/client/clock.h"

namespace turnpike::client {

/// The next plan that would allow what was refused.
struct Upgrade {
    std::string plan, name;
    std::string price;     ///< decimal text in `currency`'s major unit; empty when it has none
    std::string currency;  ///< ISO 4217
    std::string url;       ///< where to get it, when the server knows
};

/// Where a customer stands with one meter. Quantities are decimal texts in the meter's unit, empty
/// when the plan does not include the meter.
struct Standing {
    std::string customer;  ///< cus_...; of a consumption that was refused, as it was asked for
    std::string plan;      ///< its key
    /// within_allowance, soft_limit_passed, overage, limit_exceeded, counter_full, not_in_plan
    std::string reason;
    std::string limit, used, remaining, overage;
    bool overage_allowed = false;
    /// Of the window that the numbers are of, the tightest: billing_period, day, rolling_5h.
    std::string reset;
    std::optional<Instant> resets_at;  ///< when it begins anew; absent when waiting never helps
    std::optional<Upgrade> upgrade;    ///< only when something was refused, and a plan has more
};

}  // namespace turnpike::client
