#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "catalog/catalog.h"
#include "sql/sql.h"

namespace turnpike {

/// Errors: InvalidArgument "usage_figures.not_summed" of a meter whose values are not added up.
Result<std::monostate> require_sums(const std::string& meter_key, Meter::Aggregation aggregation);

/// A meter that figures can be made of; perhaps it is not sold any more.
struct SummedMeter {
    std::vector<std::string> group_by;  ///< names of properties
};
/// Errors: NotFound "usage_figures.no_such_meter"; those of require_sums.
Result<SummedMeter> load_summed_meter(sql::Transaction& tx, const std::string& meter_key);

}  // namespace turnpike
