#include "base/letter_case.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(LetterCase, ChangesLettersOfAsciiAlone) {
    EXPECT_EQ(lower_case("AZ az 09 @[`{ \xc3\x9c"), "az az 09 @[`{ \xc3\x9c");
    EXPECT_EQ(upper_case("AZ az 09 @[`{ \xc3\xbc"), "AZ AZ 09 @[`{ \xc3\xbc");
    EXPECT_EQ(lower_case(""), "");
}

TEST(LetterCase, IsIgnoredWhereItSaysNothing) {
    EXPECT_TRUE(equal_ignoring_case("Content-Type", "CONTENT-type"));
    EXPECT_TRUE(equal_ignoring_case("", ""));
    EXPECT_FALSE(equal_ignoring_case("a", "ab"));
    EXPECT_FALSE(equal_ignoring_case("@", "`"));  // as far apart as "A" and "a"
    EXPECT_FALSE(equal_ignoring_case("\xc3\x9c", "\xc3\xbc"));
}

}  // namespace
}  // namespace turnpike
