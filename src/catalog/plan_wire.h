#pragma once

#include "base/error.h"
#include "catalog/plan_service.h"
#include "json/json.h"
#include "json/object_reader.h"

namespace turnpike {

/// The key of a plan or a feature to be, as a catalog file has them, too.
std::string read_key(ObjectReader& fields, const char* name);

/// Body of POST /v1/plans.
/// Errors: InvalidArgument "request.invalid_body" with every complaint.
Result<NewPlan> read_new_plan(const Json& body);

/// Body of PATCH /v1/plans/{plan}, a merge patch: of `features`, what is named is set, and what is
/// null is taken out.
/// Errors: as above.
Result<PlanPatch> read_plan_patch(const Json& body);

/// Body of POST /v1/features.
/// Errors: as above.
Result<Feature> read_new_feature(const Json& body);

Json write_feature(const Feature& feature);
/// A meter as the metered feature that it is.
Json write_feature(const Meter& meter);

}  // namespace turnpike
