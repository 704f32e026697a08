#pragma once

#include <cstddef>
#include <string_view>

#include "base/error.h"
#include "import/text_table.h"

namespace turnpike {

inline constexpr std::size_t kCsvRowBytesMax = std::size_t{64} << 10;

/// Reads a CSV file by RFC 4180: commas, fields in quotes that may hold commas, line breaks and
/// doubled quotes; lines end with CRLF or LF. UTF-8, with or without a byte order mark. The first
/// line names the columns. Lines without anything are passed over. A row's place is the line on
/// which it begins: "customers line 5".
///
/// Errors: InvalidArgument "import.bad_csv", with the line: no header, a column without a name or
///         named twice, a row with more or fewer fields than the header, a quote inside a field
///         that has none around it, text behind a closing quote, a quote that is never closed, a
///         carriage return of its own, bytes that are not UTF-8, NUL, a row of more than 64 KiB.
///
/// \param name  of the table: "customers"
Result<TextTable> read_csv(std::string_view name, std::string_view text);

}  // namespace turnpike
