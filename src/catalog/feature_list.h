#pragma once

#include <map>
#include <string>
#include <vector>

#include "audit/audit.h"
#include "base/error.h"
#include "base/id.h"
#include "base/time.h"
#include "sql/sql.h"

namespace turnpike {

// What a plan has to offer, as people read it: "Advanced analytics, Priority support". Each name is
// that of a boolean feature, and the list has an order, which is the plan's: another order makes no
// other version.

inline constexpr std::size_t kListedFeaturesMax = 100;
inline constexpr std::size_t kFeatureNameMax = 255;  ///< code points

/// By whom and when features are made.
struct FeatureMaking {
    const Authority& authority;
    Instant now;
    IdSource& ids;
};

/// Keys of the boolean features with these names, in their order, each once. Capitals (of ASCII) do
/// not matter. A feature that is not there is made, under a key that its name gives.
///
/// Errors: InvalidArgument "catalog.bad_plan" for a name of another kind of feature; those of
/// create_feature().
Result<std::vector<std::string>> ensure_features(sql::Transaction& tx,
                                                 const std::string& catalog_key,
                                                 const std::vector<std::string>& names,
                                                 const FeatureMaking& making);

/// From now on the version's list has this order.
void order_features(sql::Transaction& tx, const PlanVersionId& version,
                    const std::vector<std::string>& keys);

/// The names of what the version has, in their order.
std::vector<std::string> feature_list(sql::Transaction& tx, const PlanVersionId& version);

/// The same for each of a catalog's plans that are sold, in their newest version; those that list
/// nothing are left out.
std::map<std::string, std::vector<std::string>> sold_feature_lists(sql::Transaction& tx,
                                                                   const std::string& catalog_key);

}  // namespace turnpike
