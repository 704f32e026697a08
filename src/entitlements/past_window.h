#pragma once

#include "base/time.h"
#include "catalog/cache.h"
#include "metering/customer_window.h"
#include "sql/sql.h"

namespace turnpike {

/// Where usage of a moment before the customer's running standing goes: to the subscription that
/// gave its plan then, and to its billing period that held the moment. Periods that were closed, or
/// are mirrored, are known; others are the cycle's (billing_period_at). Without a subscription: the
/// default plan, in months from the customer's creation; of usage before that, in the first one.
///
/// The plan is the contract's of today, with kPastRevision; the customer's overrides are those of
/// the moment.
/// \param now     the same customer's, now
/// \param moment  not after `now.now`
CustomerWindow load_past_window(sql::Transaction& tx, CatalogCache& catalog,
                                const CustomerWindow& now, Instant moment);

}  // namespace turnpike
