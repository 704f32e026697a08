#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "sql/sql.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// A finished billing period whose overage is to be charged. Its identity (subscription, start) is
/// the primary key, so that a period closes once however often its end is noticed.
struct PeriodClose {
    /// Where the overage lines go.
    enum class Placement : std::uint8_t { Undecided, RenewalDraft, NextBill, OwnInvoice };

    SubscriptionId subscription;
    Period period;
    std::string provider;  ///< that bills it, wherever the subscription has moved since
    Placement placement = Placement::Undecided;
    /// "" while undecided, on the next bill, and until an own invoice is there: then the lines that
    /// are elsewhere are still to be taken back.
    std::string provider_invoice_id;
};

/// Once per period, to be billed by the provider that the subscription has now. \return false when
/// it was there already
bool queue_period_close(sql::Transaction& tx, const SubscriptionId& subscription,
                        const Period& period, Instant now);
/// Queues the close of the periods that a move of the subscription has finished: the one before,
/// and the current one too when it has ended. Periods between two that were mirrored, which only
/// usage knows of, are queued by the close of the first. An end also opens the close again whose
/// lines are on a renewal draft that nobody will finalize now; an end or a pause those whose lines
/// wait for a next bill.
void queue_period_closes(sql::Transaction& tx, const Subscription& before,
                         const Subscription& after, Instant now);

/// Opens the closes again whose lines wait for a next bill that will not come. `since`: the begin
/// of the running period; what was added before it, has been billed.
void reopen_next_bills(sql::Transaction& tx, const SubscriptionId& subscription, Instant since);

/// Those that this provider bills, oldest first.
std::vector<PeriodClose> pending_period_closes(sql::Transaction& tx, std::string_view provider,
                                               int limit);
/// Of one subscription, whoever bills them.
std::vector<PeriodClose> pending_period_closes_of(sql::Transaction& tx,
                                                  const SubscriptionId& subscription);

/// Whether the period was charged, and its close is done.
bool is_closed(sql::Transaction& tx, const SubscriptionId& subscription, Instant period_start);

/// Reads where the close is now; false when it is not pending any more.
bool look_again(sql::Transaction& tx, PeriodClose& close);

// These two act only where the close is still as `from`/`close` says, or, the first one, where
// another run has moved it to the same place. False: it is elsewhere, and nothing changed.
bool move_close(sql::Transaction& tx, const PeriodClose& from, PeriodClose::Placement placement,
                const std::string& invoice);
bool finish_close(sql::Transaction& tx, const PeriodClose& close, Instant now);

}  // namespace turnpike
