#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "billing/context.h"
#include "sql/sql.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// A finished billing period whose overage is to be charged. Its identity (subscription, start) is
/// the primary key, so that a period closes once however often its end is noticed.
struct PeriodClose {
    /// Where the overage lines go.
    enum class Placement : std::uint8_t { Undecided, RenewalDraft, OwnInvoice };

    SubscriptionId subscription;
    Period period;
    Placement placement = Placement::Undecided;
    /// "" while undecided, and until an own invoice is there: then the lines that are on a renewal
    /// draft are still to be taken off it.
    std::string provider_invoice_id;
};

/// Queues the close of the periods that a move of the subscription has finished: the one before,
/// and the current one too when it has ended. Periods between two that were mirrored, which only
/// usage knows of, are queued by the close of the first. An end also opens the close again whose
/// lines are on a renewal draft that nobody will finalize now.
void queue_period_closes(sql::Transaction& tx, const Subscription& before,
                         const Subscription& after, Instant now);

std::vector<PeriodClose> pending_period_closes(sql::Transaction& tx, int limit);
std::vector<PeriodClose> pending_period_closes_of(sql::Transaction& tx,
                                                  const SubscriptionId& subscription);

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
