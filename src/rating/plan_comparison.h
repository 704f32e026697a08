#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/money.h"
#include "rating/overage.h"

namespace turnpike {

/// What a plan asks and gives for one period. `unit_price` is absent where usage ends at the
/// allowance.
struct ComparedPlan {
    struct Allowance {
        std::string meter;
        Quantity included;
        std::optional<UnitPrice> unit_price;
        friend bool operator==(const Allowance&, const Allowance&) = default;
    };
    std::string key;
    Money price;
    std::vector<Allowance> allowances;
};

/// What a customer used of a meter in a period, where that was more than the plan included.
struct UsedBeyond {
    std::string meter;
    Quantity used;  ///< all of it, what was included too
};

struct PlanSaving {
    std::string plan;
    Money would_have_cost;
    Money saving;  ///< above 0
    friend bool operator==(const PlanSaving&, const PlanSaving&) = default;
};

/// The plan under which the period would have cost least, when that is less than it has cost. Plans
/// in another currency, plans under which some of the usage would have been refused, and plans that
/// include less of a meter than the present one are left out: of a meter that stayed within its
/// allowance it is known that this was enough, and no more. Equal savings: the first of `others`.
///
/// Errors: InvalidArgument "money.out_of_range".
Result<std::optional<PlanSaving>> cheaper_plan(const ComparedPlan& present, Money has_cost,
                                               std::span<const UsedBeyond> used,
                                               std::span<const ComparedPlan> others);

}  // namespace turnpike
