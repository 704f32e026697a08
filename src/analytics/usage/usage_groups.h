#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analytics/usage/group_store.h"
#include "analytics/usage/usage_query.h"
#include "base/error.h"
#include "sql/sql.h"

namespace turnpike {

/// What was used with the same values of the properties asked for.
struct UsageGroup {
    std::vector<std::optional<std::string>> values;  ///< one for each; absent: it had none
    GroupFigures figures;
};

/// One meter by its properties.
struct UsageGrouping {
    std::vector<std::string> by;     ///< the properties, in the order of the question
    std::vector<UsageGroup> groups;  ///< most first, then by values
    GroupFigures total;              ///< of all usage, in groups or not
    GroupFigures rest;               ///< what is in none of `groups`
};

/// \param customer  id; "": the sum of all customers
/// Errors: NotFound "usage_figures.no_such_meter"; InvalidArgument "usage_figures.not_grouped" for
///         a property by which the meter does not group; those of require_sums.
Result<UsageGrouping> load_usage_grouping(sql::Transaction& tx, const UsageQuestion& question,
                                          const std::string& customer);

}  // namespace turnpike
