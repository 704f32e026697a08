#pragma once

#include <optional>

#include "audit/audit.h"
#include "base/id.h"
#include "base/time.h"
#include "billing/records/checkout_session.h"
#include "invoicing/invoice.h"
#include "invoicing/refund.h"
#include "sql/sql.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// On whose word something moved, and when.
struct MoveNote {
    IdSource& ids;
    Instant now;
    Authority authority;
};

/// The one place that tells everybody who keeps a record of it that a subscription moved, in the
/// transaction that moved it. `before` of one that has just been made has the status Creating.
void tell_subscription_move(sql::Transaction& tx, const MoveNote& note, const Subscription& before,
                            const Subscription& after);

/// The same of an invoice that was mirrored; nothing is told when nothing of interest changed, and
/// of what was settled before its time here (was_before_takeover) only the audit hears. `before` is
/// absent when it is new here.
void tell_invoice_move(sql::Transaction& tx, const MoveNote& note,
                       const std::optional<Invoice>& before, const Invoice& after);

/// A trial is about to end.
void tell_trial_end(sql::Transaction& tx, const MoveNote& note, const Subscription& subscription);
/// A page where the customer can subscribe has been made.
void tell_checkout_started(sql::Transaction& tx, const MoveNote& note,
                           const CheckoutSession& session);

/// And of money that goes back. A refund that only we know of is on record and told to nobody; when
/// the provider refuses it later, that is an update.
void tell_refund_move(sql::Transaction& tx, const MoveNote& note,
                      const std::optional<Refund>& before, const Refund& after);
void tell_dispute_move(sql::Transaction& tx, const MoveNote& note,
                       const std::optional<Dispute>& before, const Dispute& after);

}  // namespace turnpike
