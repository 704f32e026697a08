#pragma once

#include <string>
#include <vector>

#include "sql/sql.h"

namespace turnpike {

/// "($1, $2), ($3, $4)" for two rows of two columns.
std::string value_rows(std::size_t rows, std::size_t columns);

/// Cuts `count` into powers of two, largest first and at most 64, so that a statement over many
/// rows has only seven texts, and each is prepared once.
std::vector<std::size_t> row_chunks(std::size_t count);

}  // namespace turnpike
