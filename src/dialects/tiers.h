#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/audit.h"
#include "base/error.h"
#include "billing/life/offer.h"
#include "billing/provider/contexts.h"
#include "catalog/catalog.h"
#include "entitlements/usage_summary.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// What the published interfaces call a plan. They sell by the month in US dollars.
inline constexpr Currency kTierCurrency = Currency::Usd;
inline constexpr Recurrence kTierRecurrence{Interval::Month, 1};

/// The plan of a tier.
/// Errors: InvalidArgument "billing.unknown_tier" with the tiers there are.
Result<const PlanVersion*> find_tier(const Catalog& catalog, std::string_view catalog_key,
                                     std::string_view tier);

/// What a month of it costs.
/// Errors: Conflict "billing.talk_to_sales", "billing.tier_not_sold".
Result<PriceId> monthly_price(const PlanVersion& plan);

/// The same of one that a checkout page may sell, in the words of these interfaces: what cannot be
/// bought is a wrong tier.
/// Errors: InvalidArgument "billing.unknown_tier", "billing.talk_to_sales", "billing.tier_not_sold"
///         (nobody buys the default tier).
Result<Sold> sold_tier(const Catalog& catalog, std::string_view catalog_key, std::string_view tier);

/// A customer's tier, read in one transaction.
struct TierStatus {
    std::optional<Subscription> subscription;  ///< one that grants access
    UsageSummary usage;
    std::string tier;
    std::string status = "none";  ///< by the customer's clock
};
Result<TierStatus> load_tier_status(sql::Transaction& tx, BillingContexts& billing,
                                    const CustomerId& customer);

/// The subscription of a customer who means his only one. A repetition of the same request may find
/// it ended by what the first run began.
/// Errors: NotFound "subscription.none".
asio::awaitable<Result<SubscriptionId>> live_subscription_of(BillingContexts& billing,
                                                             CustomerId customer,
                                                             Authority authority);

/// What a plan has, as a person reads it: "30 AI minutes a day", "Business German". Usage that
/// nothing stops is not told of.
std::vector<std::string> included_in(const Catalog& catalog, const PlanVersion& plan);

}  // namespace turnpike
