#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "sql/sql.h"

namespace turnpike::stripe {

/// Stripe's id of the product that we have made for a version of a plan. nullopt: none yet, or its
/// prices are somebody's own.
std::optional<std::string> known_product(sql::Transaction& tx, const PlanVersionId& version);

/// The same of several versions, by their ids' texts; those without one are left out.
std::map<std::string, std::string> known_products(sql::Transaction& tx,
                                                  const std::vector<PlanVersionId>& versions);

/// What is owed when a version's product is to be made.
std::string product_obligation(const PlanVersionId& version);

}  // namespace turnpike::stripe
