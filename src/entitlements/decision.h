#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "base/money.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "metering/counter.h"

namespace turnpike {

/// Why a request is allowed or not.
enum class DecisionReason : std::uint8_t {
    WithinAllowance,
    Overage,        ///< allowed; some of it is charged at the overage price
    LimitExceeded,  ///< denied until the period ends or the plan changes
    NotInPlan,      ///< denied; the plan does not include this meter
};
std::string_view to_text(DecisionReason reason);  ///< "within_allowance"

/// What would allow it.
struct UpgradeHint {
    std::string plan;  ///< key: "starter"
    std::string name;  ///< "STARTER"
    std::optional<Money> price;
};

/// One answer to "may this customer use `requested` more?". Numbers are those before the request.
struct Decision {
    bool allowed = false;
    DecisionReason reason = DecisionReason::NotInPlan;
    Quantity limit;  ///< where usage stops or, where overage is billed, where overage begins
    Quantity used;
    Quantity remaining;  ///< up to `limit`
    Quantity overage;    ///< units beyond allowances so far
    bool overage_allowed = false;
    Instant resets_at;                   ///< end of the period
    std::string plan;                    ///< key of the plan that decided
    std::optional<UpgradeHint> upgrade;  ///< set only when denied and there is a better plan
};

/// What a decision rests on.
struct DecisionFacts {
    const PlanVersion& plan;
    /// nullptr: the plan does not include the meter. Fresh (used 0) when nothing was used yet.
    const Counter* counter = nullptr;
    Instant resets_at;
    std::string_view meter_key;
    const Catalog& catalog;  ///< for upgrade hints
    Currency currency = Currency::Usd;
};

/// Pure: it consumes nothing. `requested` is not negative; 0 asks whether anything would be denied
/// at all, and the answer is then yes only when the meter is not in the plan.
Decision decide(const DecisionFacts& facts, Quantity requested);

/// The next plan up that includes more of this meter; nullopt at the top.
std::optional<UpgradeHint> upgrade_from(const PlanVersion& plan, std::string_view meter_key,
                                        const Catalog& catalog, Currency currency);

}  // namespace turnpike
