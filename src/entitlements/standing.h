#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/money.h"
#include "base/time.h"
#include "catalog/cache.h"
#include "entitlements/allowance_overrides.h"
#include "metering/counter.h"
#include "metering/customer_window.h"
#include "sql/sql.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// What one customer has of a feature instead of what his plan says.
struct FeatureOverride {
    std::string feature_key;
    FeatureValue value;
    std::optional<Instant> expires_at;  ///< of the customer's time; absent: never
    friend bool operator==(const FeatureOverride&, const FeatureOverride&) = default;
};

/// What a customer has now: the plan that counts, and the period that usage goes to.
struct Standing {
    CustomerId customer;
    std::string external_id;
    /// Never null. Its allowances are what the customer has by his own overrides
    /// (allowance_overrides.h).
    std::shared_ptr<const PlanVersion> plan;
    /// The subscription that gives the plan; absent: it is the default plan.
    std::optional<SubscriptionId> subscription;
    /// Of the subscription without an end, also when it gives nothing (unpaid, paused, creating).
    std::optional<SubscriptionStatus> status;
    Period period;
    /// Of the customer's time: usage of before goes elsewhere (past_window.h), and from `until` on
    /// it is another standing.
    Instant since, until;
    Instant now;  ///< the test clock's or the system's time when loaded; later: customer_now()
    enum class Time : bool { Running, Frozen } time = Time::Running;
    Currency currency = Currency::Usd;  ///< what overage is charged in
    std::int64_t revision = 0;          ///< as of UsageWindow
    std::vector<FeatureOverride>
        overrides{};                         ///< each feature's newest first; some may have expired
    std::vector<AllowanceOverride> given{};  ///< that `plan` shows, at most one of each meter
};

/// A subscription that is trialing, active or past due gives its plan version. Its period is the
/// mirrored one; once the customer's time has passed it, and the provider's renewal is not mirrored
/// yet, the next period by the price's recurrence, so that usage never lands in a period that may
/// be closed. One that was to end by now gives nothing more. Without a subscription: the default
/// plan, in months from the customer's creation.
///
/// \param ref  "cus_..", "ext:..", or an external id
/// Errors: NotFound "customer.not_found" (as customers/service.h says it).
Result<Standing> load_standing(sql::Transaction& tx, CatalogCache& catalog, std::string_view ref,
                               Instant system_now);

/// What the customer's clock shows when the system's shows this.
Instant customer_now(const Standing& standing, Instant system_now);

/// The windows of one meter's allowances that hold `now`, in the order of the plan; none when the
/// plan does not include it.
std::vector<UsageWindow> windows_of(const Standing& standing, std::string_view meter_key,
                                    Meter::Aggregation aggregation, Instant now);

/// What metering needs to know of it.
CustomerWindow customer_window(Standing standing);

}  // namespace turnpike
