#pragma once

#include <chrono>
#include <cstdint>

#include "base/error.h"
#include "billing/provider/context.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// How long before its end a trial is told to end, by the customer's clock: as Stripe does.
inline constexpr std::chrono::days kTrialReminderAhead{3};

/// Tells "subscription.trial_will_end", once for each end that a trial is given: a longer trial is
/// told of anew. Nothing when the subscription is in no trial, or in one that has longer to go: the
/// provider's word may be of an end that has moved since.
void remind_of_trial(sql::Transaction& tx, BillingContext& billing, const SubscriptionId& id);

/// Tells of every trial of this provider's that ends within kTrialReminderAhead.
/// \return how many
asio::awaitable<std::int64_t> remind_of_trials(BillingContext& billing);

}  // namespace turnpike
