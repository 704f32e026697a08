#include "import/csv_reader.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using Cells = std::vector<std::string>;

std::vector<Cells> cells_of(const TextTable& table) {
    std::vector<Cells> all;
    for (const auto& row : table.rows) {
        Cells& cells = all.emplace_back();
        for (const auto& cell : row.cells) cells.push_back(cell.value_or("NULL"));
    }
    return all;
}

struct Good {
    const char* name;
    std::string_view text;
    std::vector<Cells> rows;
};

TEST(CsvReader, ReadsWhatRfc4180Allows) {
    const Good cases[] = {
        {"only a header", "a,b\r\n", {}},
        {"CRLF", "a,b\r\n1,2\r\n", {{"1", "2"}}},
        {"LF, and no end of the last line", "a,b\n1,2\n3,4", {{"1", "2"}, {"3", "4"}}},
        {"a byte order mark",
         "\xEF\xBB\xBF"
         "a,b\n1,2\n",
         {{"1", "2"}}},
        {"empty fields", "a,b\n,\n", {{"", ""}}},
        {"a comma in quotes", "a,b\n\"1,5\",2\n", {{"1,5", "2"}}},
        {"doubled quotes", "a,b\n\"say \"\"no\"\"\",2\n", {{"say \"no\"", "2"}}},
        {"a line break in quotes", "a,b\n\"1\r\n2\",3\n", {{"1\r\n2", "3"}}},
        {"empty lines", "\na,b\n\n1,2\n\r\n", {{"1", "2"}}},
        {"UTF-8", "a,b\nZo\xC3\xAB,\xE2\x82\xAC\n", {{"Zo\xC3\xAB", "\xE2\x82\xAC"}}},
        {"blanks are part of a field", "a,b\n 1 ,2\n", {{" 1 ", "2"}}},
    };
    for (const Good& c : cases) {
        SCOPED_TRACE(c.name);
        const auto table = read_csv("t", c.text);
        ASSERT_TRUE(table) << table.error().message;
        EXPECT_EQ(table->columns, (Cells{"a", "b"}));
        EXPECT_EQ(cells_of(*table), c.rows);
    }
}

TEST(CsvReader, AnEmptyFieldIsNoText) {
    const auto table = read_csv("t", "a,b\n\"\", x \n");
    ASSERT_TRUE(table);
    EXPECT_EQ(table->text(table->rows[0], "a"), std::nullopt);
    EXPECT_EQ(table->text(table->rows[0], "b"), "x");
    EXPECT_EQ(table->text(table->rows[0], "c"), std::nullopt);
}

struct Bad {
    std::string_view text;
    const char* message;
};

TEST(CsvReader, NamesTheLineOfAFault) {
    const Bad cases[] = {
        {"", "line 1: there is no header"},
        {"a,a\n", "line 1: two columns are named 'a'"},
        {"a,\n", "line 1: a column has no name"},
        {"a,b\n1\n", "line 2: 1 fields, and the header has 2"},
        // The row before it has a line break in quotes: it is of lines 2 and 3.
        {"a,b\n\"x\ny\",2\n1,2,3\n", "line 4: 3 fields, and the header has 2"},
        {"a,b\n1,\"2\n3\n", "line 2: a quote is never closed"},
        {"a,b\n1,\"2\"3\n", "line 2: text stands behind a closing quote"},
        {"a,b\n1,2\"3\n", "line 2: a quote stands in a field without quotes around it"},
        {"a,b\n1\r2,3\n", "line 2: a carriage return stands alone"},
        {"a,b\n1,2\n\xFF,3\n", "line 3: the bytes are not UTF-8"},
        {std::string_view("a,b\n1,\0\n", 8), "line 2: a NUL stands in the text"},
    };
    for (const Bad& c : cases) {
        SCOPED_TRACE(c.message);
        const auto table = read_csv("t", c.text);
        ASSERT_FALSE(table);
        EXPECT_EQ(table.error().reason.text(), "import.bad_csv");
        EXPECT_EQ(table.error().message, c.message);
    }
}

TEST(CsvReader, ARowHasItsLimit) {
    // A row of 64 KiB: with the end of its line not counted.
    const std::string longest(kCsvRowBytesMax, 'x');
    EXPECT_TRUE(read_csv("t", "a\n" + longest + "\n"));
    const auto longer = read_csv("t", "a\n" + longest + "x\n");
    ASSERT_FALSE(longer);
    EXPECT_EQ(longer.error().message, "line 2: a row has more than 64 KiB");
}

TEST(CsvReader, KnowsTheLineOnWhichARowBegins) {
    const auto table = read_csv("t", "a\n\n\"x\ny\"\nz\n");
    ASSERT_TRUE(table);
    ASSERT_EQ(table->rows.size(), 2u);
    EXPECT_EQ(table->rows[0].place, "t line 3");
    EXPECT_EQ(table->rows[1].place, "t line 5");
}

}  // namespace
}  // namespace turnpike
