#include "base/card_number.h"

#include <string>

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
