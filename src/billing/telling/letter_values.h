#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/id.h"
#include "catalog/service.h"
#include "invoicing/invoice.h"
#include "sql/sql.h"
#include "subscriptions/subscription.h"

namespace turnpike {

// What letters to customers say of contracts, in the same words everywhere.

/// What letters are told about: "subscription:sub_...".
std::string letters_about(const Subscription& subscription);

/// Its open invoices without their lines, the newest first; of more than a page, that page.
std::vector<Invoice> open_invoices(sql::Transaction& tx, const Subscription& subscription);

std::string plan_name(sql::Transaction& tx, const PlanVersionId& id);

/// What so many of it cost, and how often: "198.00 USD per month", "87.00 USD every 3 months".
std::string cost_in_words(const PriceInPlan& price, std::int64_t quantity);
std::string cost_in_words(sql::Transaction& tx, const PriceId& id, std::int64_t quantity);

}  // namespace turnpike
