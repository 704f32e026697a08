#include "base/free_text.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}

/// What is kept, or the code of the refusal in brackets.
std::string read(std::string_view text, FreeTextRule rule = {}) {
    const auto kept = read_free_text(text, rule);
    return kept ? *kept : "[" + kept.error().code + "]";
}

struct Reading {
    const char* name;
    std::string text, kept;
};

// Unicode Annex 15, figures 3 to 6, and its Corrigendum 5 (U+0958 is never composed).
TEST(FreeText, IsKeptComposed) {
    const Reading cases[] = {
        {"ASCII", "Jo Doe", "Jo Doe"},
        {"figure 4: A and a ring", "A\u030A", "\u00C5"},
        {"figure 3: the sign of Angstroem", "\u212B", "\u00C5"},
        {"figure 3: the sign of Ohm", "\u2126", "\u03A9"},
        {"figure 4: o and a circumflex", "o\u0302", "\u00F4"},
        {"figure 5: two marks in either order", "s\u0307\u0323", "\u1E69"},
        {"figure 5: a dot below that was above", "\u1E0B\u0323", "\u1E0D\u0307"},
        {"Hangul: L, V and T", "\u1112\u1161\u11AB", "\uD55C"},
        {"excluded from composition", "\u0958", "\u0915\u093C"},
        {"compatibility forms stay: figure 6", "\uFB01 2\u2075", "\uFB01 2\u2075"},
        {"blanks stay", " a  b ", " a  b "},
    };
    for (const auto& [name, text, kept] : cases) EXPECT_EQ(read(text), kept) << name;
}

TEST(Nfc, LeavesWhatIsNotUtf8) {
    EXPECT_EQ(in_nfc("e\u0301\xFF"), "e\u0301\xFF");
    EXPECT_EQ(in_nfc(""), "");
    EXPECT_EQ(in_nfc(std::string("a\0e\u0301", 5)), std::string("a\0\u00E9", 4));
}

TEST(FreeText, HoldsWhatNamesAreWrittenWith) {
    const std::string good[] = {
        "\u0646\u0627\u0645\u0647\u200C\u0627\u06CC",  // Persian, with a non-joiner
        "\u0915\u094D\u200D\u0937",                    // Devanagari, with a joiner
        "\U0001F469\u200D\U0001F4BB \u2764\uFE0F",     // emoji of three, and with a selector
        "\U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F",  // a flag
        "C++\u200F",  // a mark of direction
        "\u05D0\u05D1 & S\u00F6hne",
        "\u845B\U000E0100\u98FE\u533A",  // an ideographic variation
        "a\u00A0b",
        "\u0301",
        "\uE000",
        "<b>",
    };
    for (const auto& text : good) EXPECT_EQ(read(text), text);
}

TEST(FreeText, IsMeasuredInCodePointsOfWhatIsKept) {
    EXPECT_EQ(read(repeated("\u00E9", 100), {1, 100}), repeated("\u00E9", 100));
    EXPECT_EQ(read(repeated("e\u0301", 100), {1, 100}), repeated("\u00E9", 100));
    EXPECT_EQ(read(repeated("\U0001F600", 100), {1, 100}), repeated("\U0001F600", 100));
    EXPECT_EQ(read(repeated("e\u0301", 101), {1, 100}), "[too_long]");
    EXPECT_EQ(read(repeated("a", 101), {1, 100}), "[too_long]");
    // Composed they are two each.
    EXPECT_EQ(read(repeated("\u0958", 51), {1, 100}), "[too_long]");
    // U+1F82 is four when it is decomposed, the most that there are.
    EXPECT_EQ(read(repeated("\u03B1\u0313\u0300\u0345", 100), {1, 100}), repeated("\u1F82", 100));
    EXPECT_EQ(read("", {1, 100}), "[too_short]");
    EXPECT_EQ(read("", {0, 100}), "");
    EXPECT_EQ(read("\u00E9", {2, 100}), "[too_short]");
}

// Unicode Annex 9, table 4 (explicit formatting characters); 14.0 chapter 23.2 and 23.3.
TEST(FreeText, RefusesWhatBreaksOrTurnsTheLine) {
    const std::string bad[] = {
        "\u202A", "\u202B", "\u202C", "\u202D", "\u202E", "\u2066",
        "\u2067", "\u2068", "\u2069", "\u206A", "\u206F", "\u2028",
        "\u2029", "\u0085", "\x7F",   "\x1B",   "\n",     std::string(1, '\0')};
    for (const auto& character : bad)
        EXPECT_EQ(read("Plain" + character + " evil"), "[invalid_characters]")
            << static_cast<int>(static_cast<unsigned char>(character.back()));
    EXPECT_EQ(read("a\xFF"), "[invalid_characters]");
    EXPECT_EQ(read("\xED\xA0\x80"), "[invalid_characters]") << "a surrogate";
}

// DerivedCoreProperties.txt: Default_Ignorable_Code_Point; PropList.txt: White_Space.
TEST(FreeText, RefusesATextInWhichNothingIsToBeSeen) {
    const std::string bad[] = {
        " ",          "   ",        "\u00A0",     "\u00AD",        "\u034F", "\u061C", "\u115F",
        "\u1160",     "\u1680",     "\u17B4",     "\u180B",        "\u180E", "\u2003", "\u200B",
        "\u200D",     "\u200E",     "\u2060",     "\u2064",        "\u2800", "\u3000", "\u3164",
        "\uFE0F",     "\uFEFF",     "\uFFA0",     "\uFFF0",        "\u202F", "\u205F", "\U0001D173",
        "\U000E0001", "\U000E0100", "\U000E0FFF", " \u200B \u3164"};
    for (const auto& text : bad) {
        EXPECT_EQ(read(text), "[blank]") << text;
        EXPECT_EQ(read(text, {0, 100}), text) << "where there need be none";
        EXPECT_EQ(read("a" + text), "a" + text);
    }
}

// Unicode Annex 15, section 13: no more than 30 non-starters in a row.
TEST(FreeText, RefusesMoreThanThirtyMarksOnOneLetter) {
    const std::string most = "a" + repeated("\u0338", 30);
    EXPECT_EQ(read(most + most), most + most);
    EXPECT_EQ(read("a" + repeated("\u0338", 31)), "[invalid_characters]");
}

// A mark below after one above is put before it: sorted one by one, 200,000 pairs would take hours.
// U+0F73 stands for two marks.
TEST(FreeText, TakesNoTimeForPilesOfMarks) {
    for (const char* const pair : {"\u0301\u0323", "\u0F73"})
        EXPECT_EQ(read("a" + repeated(pair, 200'000), {1, 1'000'000}), "[invalid_characters]");
}

TEST(FreeText, SaysWhatIsWrong) {
    EXPECT_EQ(read_free_text("", {}).error().detail, "must not be empty");
    EXPECT_EQ(read_free_text("ab", {1, 1}).error().detail, "must have at most 1 character");
    EXPECT_EQ(read_free_text("a\u202E", {}).error().detail,
              "must not hold characters that turn text around");
    EXPECT_EQ(read_free_text("\u3164", {}).error().detail,
              "must hold something that is to be seen");
}

// DerivedGeneralCategory.txt.
TEST(WordCharacter, IsALetterAMarkOrADigit) {
    for (const char32_t c : {U'a', U'Z', U'0', U'\u00E9', U'\u0301', U'\u0430', U'\u0660',
                             U'\u4E2D', U'\u0E33', U'\u2160', U'\uFF45', U'\U0001D400'})
        EXPECT_TRUE(is_word_character(c)) << static_cast<std::uint32_t>(c);
    for (const char32_t c : {U' ', U'.', U'\u00A0', U'\u00AD', U'\u200B', U'\u200D', U'\u202E',
                             U'\u2028', U'\u3164', U'\u115F', U'\u034F', U'\uFE0F', U'\uFEFF',
                             U'\uE000', U'\U0001F600', U'\u2019', U'\uFF1C', U'\u0378', U'\uFFFF'})
        EXPECT_FALSE(is_word_character(c)) << static_cast<std::uint32_t>(c);
}

}  // namespace
}  // namespace turnpike
