#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "sql/sql.h"

namespace turnpike::sql {

/// "($1, $2), ($3, $4)" for two rows of two columns.
std::string value_rows(std::size_t rows, std::size_t columns);

/// Cuts `count` into powers of two, largest first and at most kChunkRowsMax, so that a statement
/// over many rows has only seven texts, and each is prepared once.
std::vector<std::size_t> row_chunks(std::size_t count);
inline constexpr std::size_t kChunkRowsMax = 64;

/// Inserts many rows with few statements.
///
///     InsertRows rows(tx, "INSERT INTO t (a, b) VALUES ", " ON CONFLICT DO NOTHING");
///     for (const Thing& thing : things) rows.add({thing.a, thing.b});
///     rows.finish();
class InsertRows {
public:
    /// All outlive it. \param tail  what stands behind the rows
    InsertRows(Transaction& tx, std::string_view head, std::string_view tail = {})
        : tx_(tx), head_(head), tail_(tail) {}

    /// \param row  of as many columns as the others
    void add(std::initializer_list<Value> row);
    /// Inserts what is left. \return what all statements have given with RETURNING
    std::vector<Row> finish();

private:
    void insert(std::size_t rows);

    Transaction& tx_;
    std::string_view head_, tail_;
    std::size_t columns_ = 0;
    std::vector<Value> values_;  ///< of rows that are not inserted yet
    std::vector<Row> returned_;
};

}  // namespace turnpike::sql
