#include "entitlements/stored_pause.h"

#include "sql/known_word.h"

namespace turnpike {

std::optional<Pause> stored_pause(const sql::Row& row, std::size_t column) {
    if (row.is_null(column)) return std::nullopt;
    return Pause{known_word(parse_pause_behavior(row.text(column))), row.maybe_instant(column + 1)};
}

}  // namespace turnpike
