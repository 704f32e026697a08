#include "base/card_number.h"

#include <cstddef>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

// The numbers are the card networks' published test numbers.
TEST(CardNumber, IsFoundInAText) {
    for (const char* text :
         {"4242424242424242", "4242 4242 4242 4242", "4242-4242-4242-4242", "378282246310005",
          "30569309025904", "4222222222222", "6011111111111117", "2223003122003222",
          "card: 5555555555554444.", "x4242424242424242y", "1, 4242424242424242",
          "4242424242424242 0", "4242 4242 4242 4242 12/26", "17 4242424242424242",
          "4242424242424242\n"})
        EXPECT_TRUE(holds_card_number(text)) << text;
    for (const char* text :
         {"", "4242424242424241", "424242424242", "42424242424242424242", "Alice", "+49 30 1234567",
          "1700000000000000",  // microseconds since 1970 begin with 1
          "2024-09-15", "4242 4242 4242  4242", "4242_4242_4242_4242"})
        EXPECT_FALSE(holds_card_number(text)) << text;
}

/// The text with every ASCII digit as that of another script.
std::string in_digits(const std::string& text, const std::vector<std::string>& digits) {
    std::string out;
    for (const char c : text)
        out += c >= '0' && c <= '9' ? digits[static_cast<std::size_t>(c - '0')] : std::string(1, c);
    return out;
}

// What a text processor, a telephone or somebody who wants to be clever puts between the digits.
TEST(CardNumber, IsFoundWhateverStandsBetween) {
    for (const char* between :
         {" ",      "-",      ".",      "\u00A0", "\u202F",       "\u2007", "\u2009", "\u3000",
          "\u2010", "\u2011", "\u2012", "\u2013", "\u2014",       "\u2015", "\u2212", "\uFF0D",
          "\uFF0E", "\u00B7", "\u00AD", "\u200B", "\u200C",       "\u200D", "\u200E", "\u2060",
          "\uFEFF", "\u202D", "\u2066", "\uFE0F", "\u200B \u200B"}) {
        const std::string b = between;
        EXPECT_TRUE(holds_card_number("4242" + b + "4242" + b + "4242" + b + "4242")) << b;
        EXPECT_TRUE(holds_card_number("card 3782" + b + "822463" + b + "10005, ok")) << b;
        EXPECT_FALSE(holds_card_number("4242" + b + "4242" + b + "4242" + b + "4241")) << b;
        EXPECT_FALSE(holds_card_number("4242" + b + "4242" + b + "4242")) << b;
    }
    for (const char* invisible : {"\u200B", "\u00AD", "\u2060"}) {
        std::string spread;
        for (const char digit : std::string("5555555555554444"))
            spread += digit + std::string(invisible);
        EXPECT_TRUE(holds_card_number(spread));
    }
}

TEST(CardNumber, IsFoundInEveryScript) {
    const std::vector<std::string> scripts[] = {
        {"\u0660", "\u0661", "\u0662", "\u0663", "\u0664", "\u0665", "\u0666", "\u0667", "\u0668",
         "\u0669"},  // Arabic-Indic
        {"\u06F0", "\u06F1", "\u06F2", "\u06F3", "\u06F4", "\u06F5", "\u06F6", "\u06F7", "\u06F8",
         "\u06F9"},  // of Persian and Urdu
        {"\u0966", "\u0967", "\u0968", "\u0969", "\u096A", "\u096B", "\u096C", "\u096D", "\u096E",
         "\u096F"},  // Devanagari
        {"\uFF10", "\uFF11", "\uFF12", "\uFF13", "\uFF14", "\uFF15", "\uFF16", "\uFF17", "\uFF18",
         "\uFF19"},  // fullwidth
        {"\U0001D7CE", "\U0001D7CF", "\U0001D7D0", "\U0001D7D1", "\U0001D7D2", "\U0001D7D3",
         "\U0001D7D4", "\U0001D7D5", "\U0001D7D6", "\U0001D7D7"},  // mathematical bold
    };
    for (const auto& digits : scripts) {
        for (const char* card : {"4242424242424242", "4242 4242 4242 4242", "378282246310005"})
            EXPECT_TRUE(holds_card_number(in_digits(card, digits))) << in_digits(card, digits);
        for (const char* none : {"4242424242424241", "424242424242", "1700000000000000"})
            EXPECT_FALSE(holds_card_number(in_digits(none, digits))) << in_digits(none, digits);
        EXPECT_TRUE(holds_card_number("4242 4242 " + in_digits("4242 4242", digits)));
    }
}

// Luhn holds for the digits of most, as it does for one number in ten.
TEST(CardNumber, IsNotSeenInOtherNumbers) {
    for (const char* text :
         {"2.16.840.1.113883.19.5.63",       // an object identifier: 2168401113883 and more
          "4.242.424.242.424.242",           // an amount, as Germany writes it
          "42.42 42.42 42.42 42.42",         // prices
          "4242.4242 4242.4242",             // two measurements
          "4242. 4242. 4242. 4242",          // sentences
          "4242,4242,4242,4242",             // a list
          "4242\u20134242, 4242\u20134242",  // ranges
          "4242\u00A0\u00A04242 4242 4242",
          "\u4e8c\u4e8c\u4e8c\u4e8c 4242 4242 4242",       // Chinese numerals are no digits
          "\u00B2\u00B2\u00B2\u00B24242424242424242424"})  // superscripts are none, either
        EXPECT_FALSE(holds_card_number(text)) << text;
}

// Only well-formed characters come from JSON; what does not, stops a number and nothing else.
TEST(CardNumber, BytesThatAreNoTextAreNoDigits) {
    for (const char* text :
         {"4242\xC2 4242\xC2 4242\xC2 4242", "\xD9\xD9\xD9\xD9\xD9\xD9\xD9\xD9\xD9\xD9\xD9\xD9\xD9",
          "42424242\xE2\x80",
          "\xF0\x9D\x9F"
          "4242424242424",
          "\xC0\xB4"
          "242424242424242"})
        EXPECT_FALSE(holds_card_number(text));
    EXPECT_TRUE(
        holds_card_number("\xFF"
                          "4242424242424242\xE2\x80"));
    EXPECT_TRUE(
        holds_card_number("\xE2\x80"
                          "4242424242424242"));
}

// Luhn finds every single wrong digit (ISO/IEC 7812-1, annex B).
TEST(CardNumber, OneWrongDigitIsNone) {
    const std::string card = "4242424242424242";
    for (std::size_t i = 1; i < card.size(); ++i)
        for (char digit = '0'; digit <= '9'; ++digit) {
            auto changed = card;
            changed[i] = digit;
            EXPECT_EQ(holds_card_number(changed), changed == card) << changed;
        }
}

}  // namespace
}  // namespace turnpike
