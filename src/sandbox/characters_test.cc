#include "sandbox/characters.h"

#include <gtest/gtest.h>

namespace turnpike::twin {
namespace {

TEST(Characters, AreTrimmedAtBothEnds) {
    struct Case {
        const char *typed, *meant;
    };
    const Case cases[] = {
        {"", ""},    {" \t\r\n", ""}, {"word", "word"},         {"\t two words\r\n", "two words"},
        {"a ", "a"}, {" a", "a"},     {"\xc2\xa0", "\xc2\xa0"},  // a space that does not break is
                                                                 // somebody's wish
    };
    for (const Case& c : cases) EXPECT_EQ(trimmed(c.typed), c.meant) << c.typed;
}

TEST(Characters, AreAWholeNumberOrNone) {
    EXPECT_EQ(parse_integer("12"), 12);
    EXPECT_EQ(parse_integer("-3"), -3);
    EXPECT_EQ(parse_integer("007"), 7);
    EXPECT_EQ(parse_integer("9223372036854775807"), INT64_MAX);
    for (const char* text : {"", "-", "+1", "1.0", " 1", "1 ", "0x1", "one", "9223372036854775808"})
        EXPECT_EQ(parse_integer(text), std::nullopt) << text;
}

TEST(Characters, AreNotBytes) {
    EXPECT_EQ(characters_in(""), 0);
    EXPECT_EQ(characters_in("Gr\xc3\xbc\xc3\x9f"
                            "e \xf0\x9f\x98\x80"),
              7);
}

}  // namespace
}  // namespace turnpike::twin
