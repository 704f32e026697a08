#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/id.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "sql/sql.h"

namespace turnpike {

/// What one customer is given of a meter instead of what his plan includes.
struct GivenAllowance {
    std::optional<Quantity> limit;  ///< what is included; absent: without end, and without overage
    /// Block or Allow: what happens at the limit. Absent: what the plan says, at its price and cap.
    std::optional<OveragePolicy> overage{};
    friend bool operator==(const GivenAllowance&, const GivenAllowance&) = default;
};
/// "2000", "2000 block", "unlimited": as it is stored.
std::string to_text(const GivenAllowance& given);
/// nullopt: it is none, or its limit is none that a counter can hold.
std::optional<GivenAllowance> parse_given_allowance(std::string_view text);

/// An override of a meter. Moments are of the customer's time.
struct AllowanceOverride {
    std::string meter_key;
    std::uint32_t number = 0;  ///< counted from 1, by customer and meter; the highest is the newest
    GivenAllowance given;
    Instant begins;
    std::optional<Instant> expires_at, removed_at;
    /// When it counts no more, for whichever reason; absent: never.
    [[nodiscard]] std::optional<Instant> ends_at() const;
};

/// All that the customer ever had, each meter's newest first.
std::vector<AllowanceOverride> load_allowance_overrides(sql::Transaction& tx,
                                                        const CustomerId& customer);
std::optional<AllowanceOverride> find_allowance_override(sql::Transaction& tx,
                                                         const CustomerId& customer,
                                                         std::string_view meter_key,
                                                         std::uint32_t number);

/// Of those, what counts at `moment`: of each meter, the newest that has begun and not ended.
std::vector<AllowanceOverride> in_force(const std::vector<AllowanceOverride>& all, Instant moment);
/// The same ones count from `start` on and before `end`.
Period steady_around(const std::vector<AllowanceOverride>& all, Instant moment);
/// How often what counts may have changed so far; never falls.
std::int64_t changes_until(const std::vector<AllowanceOverride>& all, Instant moment);

/// THE function that says what a customer's limits are: the plan version with what `given` gives
/// him. Whatever counts, decides, shows or rates usage takes its allowances.
///
/// A limit is that of the meter's billing period or, where the plan has none, of its first window;
/// the other windows stay. Without a limit, all of its windows are without one. A meter that the
/// plan does not include is included, in billing periods, and stops at the limit.
///
/// \param given  at most one of each meter
/// \return `plan` itself where there is nothing to change
std::shared_ptr<const PlanVersion> effective_plan(std::shared_ptr<const PlanVersion> plan,
                                                  const std::vector<AllowanceOverride>& given);

/// The allowance that an override of the meter is about; nullptr: the plan does not include it.
const Allowance* main_allowance(const PlanVersion& plan, std::string_view meter_key);

}  // namespace turnpike
