#pragma once

#include <cstdint>

#include "billing/provider/context.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// Tells the customer that a plan which is not paid is not given any more, once for each time that
/// this happens; in the transaction that makes or finds it so.
void tell_access_end(sql::Transaction& tx, const Subscription& subscription, Instant now,
                     IdSource& ids);

/// The ends that nobody tells us of: those of the grace of this provider's subscriptions, by their
/// customers' clocks. A hundred at most; the next pass goes on.
/// \return how many were told
asio::awaitable<std::int64_t> tell_ended_graces(BillingContext& billing);

}  // namespace turnpike
