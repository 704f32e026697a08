#pragma once

#include <string>
#include <string_view>

namespace turnpike {

/// Cells and lines of RFC 4180.

/// A cell of text from people. A text that a spreadsheet would take for a formula gets a ' before
/// it: that begins with = + - @ or their fullwidth forms, with TAB or CR.
void put_csv_text(std::string& line, std::string_view text);
/// A cell that we have written ourselves: a number, an id, a moment. As it is, so that -5 stays -5.
void put_csv_value(std::string& line, std::string_view value);
/// Ends the line; not empty.
void end_csv_line(std::string& line);

}  // namespace turnpike
