#pragma once

#include <optional>
#include <string>

#include "sql/sql.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// Where the customer pays what the subscription waits for, and confirms it to the bank: the
/// provider's page of the invoice that is open. nullopt while nothing is asked of him.
std::optional<std::string> payment_page_of(sql::Transaction& tx, const Subscription& subscription);

}  // namespace turnpike
