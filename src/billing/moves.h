#pragma once

#include <optional>

#include "audit/audit.h"
#include "base/id.h"
#include "base/time.h"
#include "invoicing/invoice.h"
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
/// of what was settled before the customer was known here only the audit hears. `before` is absent
/// when it is new here.
void tell_invoice_move(sql::Transaction& tx, const MoveNote& note,
                       const std::optional<Invoice>& before, const Invoice& after);

}  // namespace turnpike
