#include "base/csv.h"

#include <algorithm>
#include <array>

namespace turnpike {
namespace {

constexpr auto kFormulaStarts =
    std::to_array<std::string_view>({"=", "+", "-", "@", "\t", "\r", "\n", "\xEF\xBC\x9D",
                                     "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"});

void begin_cell(std::string& line) {
    if (!line.empty() && !line.ends_with("\r\n")) line += ',';
}

/// In quotes, so that an empty first cell is seen and no text looks like the end of a line.
void put_quoted(std::string& line, std::string_view prefix, std::string_view text) {
    line.append("\"").append(prefix);
    for (const char c : text) {
        if (c == '"') line += '"';
        line += c;
    }
    line += '"';
}

}  // namespace

bool looks_like_formula(std::string_view text) {
    return std::ranges::any_of(kFormulaStarts,
                               [&](std::string_view start) { return text.starts_with(start); });
}

void put_csv_text(std::string& line, std::string_view text) {
    begin_cell(line);
    put_quoted(line, looks_like_formula(text) ? "'" : "", text);
}

void put_csv_value(std::string& line, std::string_view value) {
    begin_cell(line);
    if (value.empty() || value.find_first_of("\",\r\n") != std::string_view::npos)
        return put_quoted(line, "", value);
    line += value;
}

void end_csv_line(std::string& line) { line += "\r\n"; }

}  // namespace turnpike
