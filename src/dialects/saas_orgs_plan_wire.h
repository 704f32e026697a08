#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "catalog/catalog.h"
#include "catalog/plan_service.h"
#include "json/json.h"

namespace turnpike {

/// Body of POST /api/plans: one price, two capacities, and features as "A, B, C".
/// Errors: InvalidArgument "request.invalid_body".
Result<NewPlan> read_saas_plan(const Json& body);

/// Body of PUT /api/plans/{plan_id}: what is absent stays; `slug` must be what it is.
/// Errors: as above.
Result<PlanPatch> read_saas_plan_patch(const Json& body, const PlanVersion& plan);

/// A plan with what is not in its version.
struct ShownPlan {
    const PlanVersion& plan;
    std::vector<std::string> features;  ///< names, in their order
    std::optional<std::string> stripe_product, stripe_price;
};
Json write_saas_plan(const ShownPlan& shown);

}  // namespace turnpike
