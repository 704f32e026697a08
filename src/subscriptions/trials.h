#pragma once

#include "sql/sql.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// Writes down that the customer has had the trial of the catalog that this subscription's plan is
/// of: one for ever, whatever the plan, or a change of plan would buy the next one. False when it
/// was another subscription's already.
bool use_trial(sql::Transaction& tx, const Subscription& subscription, Instant now);
/// Whether a subscription of the customer's has had the trial of this plan's catalog.
bool has_had_trial(sql::Transaction& tx, const CustomerId& customer, const PlanVersionId& plan);
/// The start came to nothing.
void give_trial_back(sql::Transaction& tx, const SubscriptionId& subscription);

}  // namespace turnpike
