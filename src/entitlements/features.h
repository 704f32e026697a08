#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "catalog/catalog.h"
#include "entitlements/standing.h"
#include "sql/sql.h"

namespace turnpike {

/// The newest override of a feature that has not expired; nullptr: the plan decides.
const FeatureOverride* override_of(const Standing& standing, std::string_view feature_key,
                                   Instant now);

/// What a customer has of a feature: the newest override that has not expired, else what his plan
/// says, else nothing (absent_value).
///
/// \param now  of the customer: customer_now()
FeatureValue feature_value(const Standing& standing, const Feature& feature, Instant now);

/// The same for a feature of the customer's catalog, also one that is no longer stated, as of the
/// standing's own now.
///
/// Errors: NotFound "entitlement.no_such_feature".
Result<FeatureValue> feature_of(sql::Transaction& tx, const Standing& standing,
                                std::string_view feature_key);

/// The customer's overrides that are not removed, those of each feature newest first.
std::vector<FeatureOverride> load_overrides(sql::Transaction& tx, const CustomerId& customer);

}  // namespace turnpike
