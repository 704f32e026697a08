#pragma once

#include <chrono>
#include <optional>

#include "catalog/service.h"
#include "payments/provider.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// What the provider sells under one of its prices, in our words.
struct SoldAs {
    PriceId price;
    PlanVersionId plan_version;
};

/// What a subscription is to become equal to.
struct SeenState {
    const ProviderSubscription& theirs;
    SubscriptionStatus status;
    std::optional<SoldAs> sold;          ///< absent: a price that is not ours
    std::optional<PriceId> planned_for;  ///< our price of theirs.planned
    Instant customer_now;
    std::chrono::days grace;
};

/// Ours with the provider's state, and with what only we know of: when a pause began, when a grace
/// ends, and the change that waits behind a planned end. Pure.
Subscription with_state_of(Subscription ours, const SeenState& seen);
/// True when nothing that is shown or acted upon differs.
bool same_state(const Subscription& a, const Subscription& b);

}  // namespace turnpike
