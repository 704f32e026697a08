#pragma once

#include <optional>
#include <span>
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
    SoftLimitPassed,  ///< allowed; some of it is beyond an allowance, and is not charged
    Overage,          ///< allowed; some of it is charged at the overage price
    LimitExceeded,    ///< denied until a window begins anew or the plan changes
    CounterFull,      ///< denied until a window begins anew: no counter holds more (kMaxQuantity)
    NotInPlan,        ///< denied; the plan does not include this meter
};
std::string_view to_text(DecisionReason reason);  ///< "within_allowance"

/// What would allow it.
struct UpgradeHint {
    std::string plan;  ///< key: "starter"
    std::string name;  ///< "STARTER"
    std::optional<Money> price;
};

/// What a client may use before it is denied.
struct Quota {
    Quantity limit;
    Quantity left;                     ///< of it, without what is reserved
    std::optional<Instant> resets_at;  ///< as Decision has it
    std::optional<Duration> window;    ///< how long it is; absent: without end
};

/// One answer to "may this customer use `requested` more?". Of several windows, the answer is that
/// of all of them, and the numbers are those of the tightest one: the one with the fewest units
/// left, and among equals the one that begins anew last. A window that denies is always tighter
/// than those that do not. Numbers are those before the request.
struct Decision {
    bool allowed = false;
    DecisionReason reason = DecisionReason::NotInPlan;
    /// As the meter counts it. Of Max, Min and Last: the new value; of others, what is added.
    Quantity requested;
    Meter::Aggregation aggregation{};
    Quantity limit;  ///< where usage stops or, where overage goes on, where overage begins
    std::optional<Quantity> hard_limit;  ///< where usage stops; absent: it goes on
    Quantity used;
    Quantity reserved;             ///< by open reservations
    Quantity remaining;            ///< up to `limit`, without what is reserved
    Quantity overage;              ///< units beyond allowances so far
    bool overage_allowed = false;  ///< not where no counter holds more
    Reset reset;                   ///< of the window
    /// When the window begins anew. Of a rolling one: when the request fits or, where it does, when
    /// something leaves the window. Absent where nothing ever does.
    std::optional<Instant> resets_at;
    /// Denied by open reservations alone: it may fit as soon as one of them ends.
    bool waits_for_reservations = false;
    /// Of the tightest window that stops usage, up to its hard limit; absent: none does.
    std::optional<Quota> quota;
    std::string plan;                    ///< key of the plan that decided
    std::optional<UpgradeHint> upgrade;  ///< set only when denied and there is a better plan
};

/// What a decision rests on.
struct DecisionFacts {
    const PlanVersion& plan;
    /// The meter's, one for each of its allowances; empty: the plan does not include it. Fresh
    /// (used 0) where nothing was used yet.
    std::span<const Counter> counters;
    Instant now;  ///< the customer's
    const Period& billing_period;
    std::string_view meter_key;
    const Catalog& catalog;  ///< for upgrade hints
    Currency currency = Currency::Usd;
};

/// Pure: it consumes nothing. `requested` is not negative; 0 asks whether anything would be denied
/// at all, and the answer is then yes only when the meter is not in the plan.
Decision decide(const DecisionFacts& facts, Quantity requested);

/// Why usage of `quantity` was let in, by the counters that it left.
DecisionReason reason_of_use(std::span<const Counter> after, Quantity quantity, Instant now);

/// The next plan up that includes more of this meter; nullopt at the top.
/// \param denied  the allowance that is not enough; nullptr: the plan does not include the meter
std::optional<UpgradeHint> upgrade_from(const DecisionFacts& facts, const Allowance* denied);

}  // namespace turnpike
