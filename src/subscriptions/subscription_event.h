#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/time.h"
#include "subscriptions/subscription.h"

namespace turnpike {

using SubscriptionEventId = Id<"sev">;

/// What a change of a subscription was, above all.
enum class SubscriptionEventKind : std::uint8_t {
    TrialStarted,
    Started,
    Converted,   ///< a trial became a paid subscription
    Activated,   ///< its first payment went through
    Recovered,   ///< it had not been paid, and is
    Reopened,    ///< it had ended, and goes on at the provider
    PastDue,     ///< a payment failed
    Unpaid,      ///< nobody tries any more
    Incomplete,  ///< its first payment waits for the customer
    Paused,
    Resumed,
    Ended,
    Changed,  ///< another plan, price or quantity
    Renewed,  ///< the next billing period began
    CancelPlanned,
    CancelWithdrawn,
    Discounted,  ///< other discounts
    Updated,     ///< something else
};
std::string_view to_text(SubscriptionEventKind kind);  ///< "cancel_planned"
std::optional<SubscriptionEventKind> parse_subscription_event_kind(std::string_view text);

/// One dated change, and what the subscription was from then on. Never changes. All events of a
/// subscription, in the order of their numbers, are its history; their `at` never goes back.
struct SubscriptionEvent {
    SubscriptionEventId id;
    SubscriptionId subscription;
    std::int64_t number = 0;  ///< the version of the subscription that it made
    CustomerId customer;
    SubscriptionEventKind kind = SubscriptionEventKind::Updated;
    Instant at;           ///< when it took effect, in the customer's time
    Instant recorded_at;  ///< when we wrote it down
    SubscriptionStatus status = SubscriptionStatus::Active;
    PlanVersionId plan_version;
    PriceId price;
    std::int64_t quantity = 1;
    Period period;
    bool cancel_at_period_end = false;
    std::optional<Instant> cancel_at{};
    std::optional<Pause> pause{};
    std::optional<Instant> grace_ends_at{};
    std::string actor;
    std::string request_id;
};

/// What led from one state to the next: an end before a status, a status before a price, a price
/// before a period. `before` of a new one has the status Creating.
/// Discounts are no part of it: who sees that they alone have changed calls it Discounted.
SubscriptionEventKind kind_of_change(const Subscription& before, const Subscription& after);

/// When it took effect: a start, an end and a renewal at the moment that the provider tells, all
/// else at `now`, the customer's time.
Instant effective_at(SubscriptionEventKind kind, const Subscription& after, Instant now);

}  // namespace turnpike
