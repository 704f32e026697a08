#include "base/csv.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

std::string text_cell(std::string_view text) {
    std::string line;
    put_csv_text(line, text);
    return line;
}

TEST(Csv, IsLinesOfCells) {
    std::string lines;
    put_csv_value(lines, "id");
    put_csv_value(lines, "note");
    end_csv_line(lines);
    put_csv_text(lines, "");
    put_csv_value(lines, "-5");
    end_csv_line(lines);
    EXPECT_EQ(lines, "id,note\r\n\"\",-5\r\n");
}

// RFC 4180, 2.6 and 2.7
TEST(Csv, QuotesWhatWouldEndACell) {
    EXPECT_EQ(text_cell("a,b"), "\"a,b\"");
    EXPECT_EQ(text_cell("a\r\nb"), "\"a\r\nb\"");
    EXPECT_EQ(text_cell("say \"hi\""), "\"say \"\"hi\"\"\"");
}

// OWASP, CSV Injection: = + - @ TAB CR, and the fullwidth forms of the first four.
TEST(Csv, NoTextIsAFormula) {
    for (const char* start : {"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"})
        EXPECT_EQ(text_cell(std::string(start) + "1"), "\"'" + std::string(start) + "1\"") << start;
    EXPECT_EQ(text_cell("1-2"), "\"1-2\"");
    EXPECT_EQ(text_cell("'=1"), "\"'=1\"");
}

}  // namespace
}  // namespace turnpike
