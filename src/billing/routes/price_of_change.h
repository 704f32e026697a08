#pragma once

#include "base/error.h"
#include "billing/routes/subscription_bodies.h"
#include "catalog/catalog.h"
#include "sql/sql.h"

namespace turnpike {

/// The price that a change leads to. Whoever names no plan stays in his version, as far as that is
/// sold in the interval.
/// Errors: NotFound "subscription.not_found"; those of find_offer.
Result<PriceId> price_of_change(sql::Transaction& tx, const Catalog& catalog,
                                const SubscriptionId& id, const ChangeBody& body);

}  // namespace turnpike
