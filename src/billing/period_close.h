#pragma once

#include <chrono>
#include <variant>

#include "base/error.h"
#include "billing/context.h"
#include "billing/stored_close.h"

namespace turnpike {

/// Periods that ended longer than this before a close are not looked at again.
inline constexpr std::chrono::days kAdjustmentHorizon{93};

/// Closes one finished period in the store of usage, so that its counts are final, and charges its
/// overage: rates it, freezes one charge per meter and segment,
/// and adds each as a line to the renewal draft; when there is none (the subscription ended, or the
/// draft was finalized before we came) to an invoice of its own, which is then finalized. Lines on
/// the draft of a subscription that has ended move to such an invoice. Can run again after any
/// failure, and beside itself: every step finds its first outcome, and a run that another one has
/// overtaken begins again from where the close is then. What `close` says of the placement is read
/// again; a close that is not pending any more is done.
///
/// Errors: those of PaymentProvider and UsageStore::close; Conflict "billing.close_moved" when
/// others
///         keep overtaking it; the close stays pending.
asio::awaitable<Result<std::monostate>> run_period_close(BillingContext& billing, PeriodClose close,
                                                         Authority authority);
/// Runs all pending closes of one subscription, and those that they queue; the first error ends it.
asio::awaitable<Result<std::monostate>> run_period_closes(BillingContext& billing,
                                                          SubscriptionId subscription,
                                                          Authority authority);

}  // namespace turnpike
