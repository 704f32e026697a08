#include "base/utf8.h"

#include <string>
#include <string_view>

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

TEST(Utf8, TakesOneCharacterAfterTheOther) {
    std::string_view text = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF";
    std::u32string taken;
    while (!text.empty()) taken += take_code_point(text);
    EXPECT_EQ(taken, U"a\u00E4\u20AC\U0001F600\U0010FFFF");
}

TEST(Utf8, TakesAByteThatIsNoCharacterAsAReplacement) {
    std::string_view text = "\xE2\x82z\xC3";
    std::u32string taken;
    while (!text.empty()) taken += take_code_point(text);
    EXPECT_EQ(taken, U"\uFFFD\uFFFDz\uFFFD");
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
