#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/time.h"

namespace turnpike {

/// Stripe's statuses, and `Creating`: our start is committed, the provider has not confirmed it.
enum class SubscriptionStatus : std::uint8_t {
    Creating,
    Incomplete,
    IncompleteExpired,
    Trialing,
    Active,
    PastDue,
    Unpaid,
    Paused,
    Canceled,
};
std::string_view to_text(SubscriptionStatus status);  ///< "past_due"
std::optional<SubscriptionStatus> parse_subscription_status(std::string_view text);

/// True while the customer has what the plan gives: trialing, active, past_due.
bool grants_access(SubscriptionStatus status);
/// Canceled and IncompleteExpired never change again.
bool is_terminal(SubscriptionStatus status);

/// How a subscription is to end.
struct PlannedEnd {
    bool with_period = false;
    std::optional<Instant> at{};
};
/// Until when a subscription without an end gives its plan; Instant::max(): for ever. One that
/// never gave it: Instant::min(). One that gives nothing any more did so until its period began:
/// the moment itself is not known.
Instant gives_plan_until(SubscriptionStatus status, const Period& period, const PlannedEnd& end);

/// The contract of one customer with one plan version. At most one per customer has no ended_at.
struct Subscription {
    SubscriptionId id;
    CustomerId customer;
    PlanVersionId plan_version;
    PriceId price;
    std::string provider;  ///< "stripe"
    std::optional<std::string> provider_subscription_id{};
    std::optional<std::string> provider_item_id{};
    /// Where the customer lets the provider charge, or pays; absent where it takes methods from us.
    std::optional<std::string> authorization_url{};
    SubscriptionStatus status = SubscriptionStatus::Creating;
    Period period;  ///< the current billing period
    bool cancel_at_period_end = false;
    std::optional<Instant> cancel_at{};
    std::optional<Instant> canceled_at{};
    std::optional<Instant> started_at{};
    std::optional<Instant> ended_at{};
    /// It has moved here from another provider, who has been paid until then.
    std::optional<Instant> paid_elsewhere_until{};
    Instant created_at;
    std::int64_t version = 0;
};

}  // namespace turnpike
