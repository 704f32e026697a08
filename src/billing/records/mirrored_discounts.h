#pragma once

#include <optional>
#include <vector>

#include "base/id.h"
#include "payments/provider.h"
#include "sql/sql.h"
#include "subscriptions/discount.h"

namespace turnpike {

/// What is to stand in place of the subscription's discounts; nullopt when they are the provider's
/// already, or it did not say. One whose terms the provider does not tell (any more) keeps those
/// that are known: a discount never changes its terms. Unknown ones are in the log.
std::optional<std::vector<Discount>> changed_discounts(sql::Transaction& tx,
                                                       const SubscriptionId& subscription,
                                                       const ProviderSubscription& theirs);

}  // namespace turnpike
