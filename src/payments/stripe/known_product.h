#pragma once

#include <optional>
#include <string>

#include "base/id.h"
#include "sql/sql.h"

namespace turnpike::stripe {

/// Stripe's id of the product that we have made for a version of a plan. nullopt: none yet, or its
/// prices are somebody's own.
std::optional<std::string> known_product(sql::Transaction& tx, const PlanVersionId& version);

/// What is owed when a version's product is to be made.
std::string product_obligation(const PlanVersionId& version);

}  // namespace turnpike::stripe
