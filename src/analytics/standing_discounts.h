#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/time.h"
#include "sql/sql.h"
#include "subscriptions/discount.h"

namespace turnpike {

/// By the subscription's id: what lessens its MRR, in the order in which it is taken off. Discounts
/// of one bill only are left out, and those whose time has not come or is over.
using RecurringDiscounts = std::map<std::string, std::vector<Discount>>;

/// Of all that have not ended, each at its customer's time; of one customer when named.
RecurringDiscounts load_recurring_discounts(sql::Transaction& tx, Instant now,
                                            const std::optional<CustomerId>& customer);
/// Of those that ran at `then`, as their events say they were at that moment.
RecurringDiscounts load_recurring_discounts_at(sql::Transaction& tx, Instant then);

/// Those of one subscription; none for a name that none has.
std::vector<Discount> discounts_in(const RecurringDiscounts& all, const std::string& subscription);

}  // namespace turnpike
