#include "base/utf8.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(Utf8, KnowsTheLengthOfTheFirstCharacter) {
    EXPECT_EQ(utf8_length("ab"), 1U);
    EXPECT_EQ(utf8_length("\xC3\xA4x"), 2U);
    EXPECT_EQ(utf8_length("\xE2\x82\xACx"), 3U);
    EXPECT_EQ(utf8_length("\xF0\x9F\x98\x80x"), 4U);
    EXPECT_EQ(utf8_length(""), 0U);
    EXPECT_EQ(utf8_length("\x80x"), 0U);
}

TEST(Utf8, IsWellFormedOrIsNot) {
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(is_utf8("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF"));
    for (const char* const bad :
         {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "\xC3", "\xFF", "\xE2\x28\xA1"})
        EXPECT_FALSE(is_utf8(bad));
}

}  // namespace
}  // namespace turnpike
