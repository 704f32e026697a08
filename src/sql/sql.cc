#include "sql/sql.h"

#include <fmt/format.h>

#include "base/check.h"

namespace turnpike::sql {
namespace {

const Value& at(const std::vector<Value>& columns, std::size_t column) {
    if (column >= columns.size())
        check(false, fmt::format("column {} of a row of {}", column, columns.size()));
    return columns[column];
}

}  // namespace

std::int64_t Row::integer(std::size_t column) const {
    const auto* integer = at(columns_, column).integer();
    if (integer == nullptr) check(false, fmt::format("column {} is an integer", column));
    return *integer;
}

const std::string& Row::text(std::size_t column) const {
    const auto* text = at(columns_, column).text();
    if (text == nullptr) check(false, fmt::format("column {} is text", column));
    return *text;
}

bool Row::is_null(std::size_t column) const { return at(columns_, column).is_null(); }

std::optional<std::int64_t> Row::maybe_integer(std::size_t column) const {
    if (is_null(column)) return std::nullopt;
    return integer(column);
}

std::optional<std::string> Row::maybe_text(std::size_t column) const {
    if (is_null(column)) return std::nullopt;
    return text(column);
}

std::optional<Instant> Row::maybe_instant(std::size_t column) const {
    if (is_null(column)) return std::nullopt;
    return instant(column);
}

std::optional<Row> Transaction::one(std::string_view sql, std::initializer_list<Value> parameters) {
    auto rows = all(sql, parameters);
    if (rows.size() > 1) refuse_second_row(sql);
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
}

void Transaction::refuse_second_row(std::string_view /*sql*/) { check(false, "at most one row"); }

}  // namespace turnpike::sql
