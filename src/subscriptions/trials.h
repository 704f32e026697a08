#pragma once

#include "sql/sql.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// Writes down that the customer has had the trial of this subscription's plan: one for ever,
/// whatever the version. False when it was another subscription's already.
bool use_trial(sql::Transaction& tx, const Subscription& subscription, Instant now);
/// Whether a subscription of the customer's has had the trial of this plan.
bool has_had_trial(sql::Transaction& tx, const CustomerId& customer, const PlanVersionId& plan);
/// The start came to nothing.
void give_trial_back(sql::Transaction& tx, const SubscriptionId& subscription);

}  // namespace turnpike
