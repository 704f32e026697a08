#pragma once

#include <string>

#include "base/id.h"
#include "base/time.h"
#include "catalog/catalog.h"
#include "catalog/catalog_file.h"
#include "sql/sql.h"

namespace turnpike {

/// Whose a plan is.
struct PlanHome {
    std::string catalog;  ///< key
    Origin origin = Origin::File;
};

/// Writes the plan, which is sold from now on, and its next version where the content is another
/// one than that of its newest.
/// \return the plan's id
PlanId save_plan(sql::Transaction& tx, const PlanHome& home, const FilePlan& plan, Instant now,
                 IdSource& ids);

/// From now on it is counted, too; a known one is changed, but for its kind.
void save_feature(sql::Transaction& tx, const Feature& feature, Instant now);

}  // namespace turnpike
