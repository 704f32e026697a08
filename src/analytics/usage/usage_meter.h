#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "catalog/catalog.h"
#include "sql/sql.h"

namespace turnpike {

/// Errors: InvalidArgument "usage_figures.not_summed" of a meter whose values are not added up.
Result<std::monostate> require_sums(const std::string& meter_key, Meter::Aggregation aggregation);

/// The properties that the meter groups by; also of a meter that is not sold any more.
/// Errors: NotFound "usage_figures.no_such_meter"; those of require_sums.
Result<std::vector<std::string>> group_by_of_summed(sql::Transaction& tx,
                                                    const std::string& meter_key);

}  // namespace turnpike
