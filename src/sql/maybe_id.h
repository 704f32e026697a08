#pragma once

#include <cstddef>
#include <optional>

#include "sql/sql.h"

namespace turnpike::sql {

/// nullopt where the column is null.
template <class T>
std::optional<T> maybe_id(const Row& row, std::size_t column) {
    if (row.is_null(column)) return std::nullopt;
    return row.id<T>(column);
}

}  // namespace turnpike::sql
