#pragma once

#include <cstdint>

#include "base/time.h"
#include "billing/provider/context.h"

namespace turnpike {

/// A subscription that has ended has no next close that would charge late usage and corrections.
/// Queues a close of its own for each one whose usage has changed since it was charged: of the day
/// that is running since the end, so at most one a day; and of each period that only late usage has
/// opened. Looks at those that ended within
/// kAdjustmentHorizon. Can run again.
/// \param now  customers on a test clock live by that instead
/// \return how many were queued
/// Errors: those of UsageStore::used_periods are logged, and the next call looks again.
asio::awaitable<std::int64_t> queue_ended_adjustments(BillingContext& billing, Instant now);

}  // namespace turnpike
