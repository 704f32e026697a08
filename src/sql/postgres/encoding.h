#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sql/sql.h"

struct pg_result;

namespace turnpike::sql::postgres {

/// Parameters as libpq wants them: text, with the type of each, so that one SQL text means the same
/// as in SQLite. A NULL has no type; the server infers it. Points into `values`, which must live
/// longer.
class Parameters {
public:
    /// Throws Failure for text with a NUL byte, where libpq would cut it without a word.
    Parameters(std::span<const Value> values, std::string_view sql);

    [[nodiscard]] int count() const { return static_cast<int>(types_.size()); }
    [[nodiscard]] const unsigned* types() const { return types_.data(); }
    [[nodiscard]] const char* const* texts() const { return texts_.data(); }

private:
    std::vector<unsigned> types_;
    std::vector<std::string> integers_;
    std::vector<const char*> texts_;
};

/// Integers of any width, booleans (1 and 0) and whole numerics (a SUM of BIGINT is one) become
/// integers. Throws Failure for floating point and for fractions, which our schema does not have.
std::vector<Row> read_rows(const pg_result* result, std::string_view sql);

}  // namespace turnpike::sql::postgres
