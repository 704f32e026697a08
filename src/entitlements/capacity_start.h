#pragma once

#include <cstdint>
#include <string_view>

#include "base/id.h"
#include "sql/sql.h"

namespace turnpike {

// A catalog may get a capacity when there are things already that it counts.

/// Whether the customer's count of this feature has begun.
bool is_counted(sql::Transaction& tx, const CustomerId& customer, std::string_view feature_key);
/// Begins it with those that are there, whatever a plan allows; a count that has begun stays.
void begin_capacity(sql::Transaction& tx, const CustomerId& customer, std::string_view feature_key,
                    std::int64_t used);

}  // namespace turnpike
