#pragma once

#include <string>
#include <string_view>

namespace turnpike {

/// Cells and lines of RFC 4180.

/// Whether a spreadsheet would take it for a formula: it begins with = + - @ or their fullwidth
/// forms, with TAB, CR or LF.
bool looks_like_formula(std::string_view text);
/// A cell of text from people. One that looks like a formula gets a ' before it.
void put_csv_text(std::string& line, std::string_view text);
/// A cell that we have written ourselves: a number, an id, a moment. As it is, so that -5 stays -5.
void put_csv_value(std::string& line, std::string_view value);
/// Ends the line; not empty.
void end_csv_line(std::string& line);

}  // namespace turnpike
