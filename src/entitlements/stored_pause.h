#pragma once

#include <optional>

#include "sql/sql.h"
#include "subscriptions/subscription.h"

namespace turnpike {

/// Of a subscription's row: pause_behavior in this column, resumes_at in the next.
std::optional<Pause> stored_pause(const sql::Row& row, std::size_t column);

}  // namespace turnpike
