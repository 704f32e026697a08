#include "sql/postgres/encoding.h"

#include <charconv>
#include <cstdint>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "sql/statement_text.h"

namespace turnpike::sql::postgres {
namespace {

// From the server's catalog (pg_type.dat); they never change.
constexpr Oid kInferred = 0;
constexpr Oid kBool = 16;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kText = 25;
constexpr Oid kOid = 26;
constexpr Oid kFloat4 = 700;
constexpr Oid kFloat8 = 701;
constexpr Oid kNumeric = 1700;

[[noreturn]] void refuse_type(int column, std::string_view sql) {
    throw Failure(fmt::format("postgres: column {} is neither integer nor text in: {}", column,
                              summary_of(sql)),
                  false);
}

Value read_field(const PGresult* result, int row, int column, std::string_view sql) {
    if (PQgetisnull(result, row, column) != 0) return nullptr;
    const char* begin = PQgetvalue(result, row, column);
    const char* end = begin + PQgetlength(result, row, column);
    const std::string_view text(begin, end);
    switch (PQftype(result, column)) {
        case kBool: return text == "t";
        case kInt2:
        case kInt4:
        case kInt8:
        case kOid:
        case kNumeric: {
            std::int64_t integer = 0;
            const auto [stop, error] = std::from_chars(begin, end, integer);
            if (error != std::errc() || stop != end) refuse_type(column, sql);
            return integer;
        }
        case kFloat4:
        case kFloat8: refuse_type(column, sql);
        default: return text;
    }
}

}  // namespace

Parameters::Parameters(std::span<const Value> values, std::string_view sql) {
    types_.reserve(values.size());
    texts_.reserve(values.size());
    integers_.reserve(values.size());  // texts_ points into it
    for (const Value& value : values) {
        if (const auto* integer = value.integer()) {
            types_.push_back(kInt8);
            texts_.push_back(integers_.emplace_back(std::to_string(*integer)).c_str());
        } else if (const auto* text = value.text()) {
            if (text->contains('\0'))
                throw Failure("postgres: text with a NUL byte for: " + summary_of(sql), false);
            types_.push_back(kText);
            texts_.push_back(text->c_str());
        } else {
            types_.push_back(kInferred);
            texts_.push_back(nullptr);
        }
    }
}

std::vector<Row> read_rows(const pg_result* result, std::string_view sql) {
    const int count = PQntuples(result);
    const int width = PQnfields(result);
    std::vector<Row> rows;
    rows.reserve(static_cast<std::size_t>(count));
    for (int row = 0; row < count; ++row) {
        std::vector<Value> columns;
        columns.reserve(static_cast<std::size_t>(width));
        for (int column = 0; column < width; ++column)
            columns.push_back(read_field(result, row, column, sql));
        rows.emplace_back(std::move(columns));
    }
    return rows;
}

}  // namespace turnpike::sql::postgres
