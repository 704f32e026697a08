#pragma once

#include <chrono>
#include <variant>

#include "base/error.h"
#include "billing/provider/context.h"
#include "billing/records/stored_close.h"
#include "metering/usage_event.h"

namespace turnpike {

/// A close looks again at periods that ended later than this before its own began.
inline constexpr std::chrono::days kAdjustmentHorizon{93};
// What came since the close before, which ran when this one's period had begun, is of a time at
// most kEventAgeMax before that. So it lies in a period that ended at most so long before, however
// long the period is, or has not ended yet. The rest is for corrections.
static_assert(kAdjustmentHorizon >= kEventAgeMax);

/// Charges the overage of one finished period as the store of usage has it now, and what changed in
/// earlier ones since they were charged; usage that comes later is the next close's. Rates them,
/// freezes one charge per meter and segment, and adds each as a line to the renewal draft; when
/// there is none (the subscription ended, or the draft was finalized before we came) to an invoice
/// of its own, which is then finalized. Lines on the draft of a subscription that has ended move to
/// such an invoice. Can run again after any failure, and beside itself: every step finds its first
/// outcome, and a run that another one has overtaken begins again from where the close is then.
/// What `close` says of the placement is read again; a close that is not pending any more is done.
///
/// Errors: those of PaymentProvider and UsageStore::used_periods; Conflict "billing.close_moved"
/// when others
///         keep overtaking it; the close stays pending.
asio::awaitable<Result<std::monostate>> run_period_close(BillingContext& billing, PeriodClose close,
                                                         Authority authority);
/// Runs all pending closes of one subscription that this provider bills, and those that they queue;
/// the first error ends it.
asio::awaitable<Result<std::monostate>> run_period_closes(BillingContext& billing,
                                                          SubscriptionId subscription,
                                                          Authority authority);

}  // namespace turnpike
