#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/id.h"
#include "json/json.h"
#include "sql/sql.h"
#include "subscriptions/discount.h"

namespace turnpike {

/// Those that stand, in the order in which they are taken off; also one whose time is over, until
/// the provider names it no more.
std::vector<Discount> load_discounts(sql::Transaction& tx, const SubscriptionId& subscription);
/// Those that stood with this version of the subscription, which is the number of its event.
std::vector<Discount> load_discounts_of(sql::Transaction& tx, const SubscriptionId& subscription,
                                        std::int64_t number);

/// From this version of the subscription on these stand, and no others. Once for each version, in
/// the transaction that makes it.
void replace_discounts(sql::Transaction& tx, const SubscriptionId& subscription,
                       std::int64_t number, const std::vector<Discount>& discounts);
/// Whether that version has brought or taken any.
bool discounts_changed_with(sql::Transaction& tx, const SubscriptionId& subscription,
                            std::int64_t number);

/// When the ledger has last seen that others stand; nullopt when none ever did.
std::optional<Instant> discounts_changed_at(sql::Transaction& tx,
                                            const SubscriptionId& subscription);

/// `[{"id":"di_..","percent_off":"12.5", ...}]`, as of a moment.
Json write_discounts(const std::vector<Discount>& discounts, Instant at);

}  // namespace turnpike
