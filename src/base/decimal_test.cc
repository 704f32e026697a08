#include "base/decimal.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace turnpike {
namespace {

constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
constexpr auto kMax = std::numeric_limits<std::int64_t>::max();

TEST(DivideRounded, CutsAsItsNameSays) {
    struct Case {
        std::int64_t dividend, divisor, half_up, half_even, down;
    };
    const Case cases[] = {
        {0, 10, 0, 0, 0},
        {4, 10, 0, 0, 0},
        {5, 10, 1, 0, 0},
        {6, 10, 1, 1, 0},
        {15, 10, 2, 2, 1},
        {25, 10, 3, 2, 2},
        {35, 10, 4, 4, 3},
        {-4, 10, 0, 0, 0},
        {-5, 10, -1, 0, 0},
        {-6, 10, -1, -1, 0},
        {-15, 10, -2, -2, -1},
        {-25, 10, -3, -2, -2},
        {1, 3, 0, 0, 0},
        {2, 3, 1, 1, 0},
        {-2, 3, -1, -1, 0},
        {kMax, 1, kMax, kMax, kMax},
        {kMin, 1, kMin, kMin, kMin},
        {kMax, kMax, 1, 1, 1},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(std::to_string(c.dividend) + " / " + std::to_string(c.divisor));
        EXPECT_EQ(divide_rounded(c.dividend, c.divisor, Rounding::HalfUp), c.half_up);
        EXPECT_EQ(divide_rounded(c.dividend, c.divisor, Rounding::HalfEven), c.half_even);
        EXPECT_EQ(divide_rounded(c.dividend, c.divisor, Rounding::Down), c.down);
    }
}

TEST(DivideRoundedDeathTest, RefusesADivisorThatIsNotPositive) {
    EXPECT_DEATH(static_cast<void>(divide_rounded(1, 0, Rounding::Down)),
                 "the divisor is positive");
    EXPECT_DEATH(static_cast<void>(divide_rounded(1, -1, Rounding::Down)),
                 "the divisor is positive");
}

RC_GTEST_PROP(DivideRounded, IsNeverMoreThanHalfAway, (std::int64_t dividend)) {
    const auto divisor = *rc::gen::inRange<std::int64_t>(1, 1'000'000);
    for (const auto rounding : {Rounding::HalfUp, Rounding::HalfEven}) {
        const Int128 off = divide_rounded(dividend, divisor, rounding) * divisor - dividend;
        RC_ASSERT(off * 2 <= divisor);
        RC_ASSERT(off * 2 >= -divisor);
    }
}

TEST(ParseScaled, ReadsPlainDecimals) {
    struct Case {
        const char* text;
        int scale;
        std::int64_t scaled;
    };
    const Case cases[] = {
        {"0", 6, 0},
        {"-0", 6, 0},
        {"1", 0, 1},
        {"12345", 6, 12'345'000'000},
        {"0.02", 9, 20'000'000},
        {"0.000000001", 9, 1},
        {"-1.5", 6, -1'500'000},
        {"1.50", 6, 1'500'000},
        {"007", 0, 7},
        {"9223372036854775807", 0, kMax},
        {"-9223372036854775808", 0, kMin},
        {"9223372036854.775807", 6, kMax},
        {"-9223372036854.775808", 6, kMin},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        EXPECT_EQ(parse_scaled(c.text, c.scale), c.scaled);
    }
}

TEST(ParseScaled, RefusesEverythingElse) {
    const std::string_view cases[] = {
        "",
        "-",
        "--1",
        "+1",
        " 1",
        "1 ",
        ".5",
        "1.",
        ".",
        "-.",
        "1.0.0",
        "1,5",
        "1e3",
        "0x10",
        "1_000",
        "NaN",
        "Infinity",
        "\xD9\xA1",
        std::string_view("1\0", 2),
        "0.0000001",                   // one digit more than the scale holds
        "9223372036854.775808",        // one more than int64 holds
        "-9223372036854.775809",       // one less
        "10000000000000000000",        // 20 digits
        "99999999999999999999999999",  // far more than 128 bits would be needed for, if added up
    };
    for (const auto text : cases) {
        SCOPED_TRACE(text);
        EXPECT_EQ(parse_scaled(text, 6), std::nullopt);
    }
}

TEST(FormatScaled, IsTheShortestTextThatParsesBack) {
    EXPECT_EQ(format_scaled(0, 6), "0");
    EXPECT_EQ(format_scaled(30'000'000, 9), "0.03");
    EXPECT_EQ(format_scaled(12'345'000'000, 6), "12345");
    EXPECT_EQ(format_scaled(-1'500'000, 6), "-1.5");
    EXPECT_EQ(format_scaled(-1, 6), "-0.000001");
    EXPECT_EQ(format_scaled(42, 0), "42");
    EXPECT_EQ(format_scaled(kMin, 6), "-9223372036854.775808");
    EXPECT_EQ(format_scaled(kMax, 0), "9223372036854775807");
}

TEST(FormatScaled, WritesMoreThan64Bits) {
    constexpr Int128 kTenTo18 = 1'000'000'000'000'000'000;
    EXPECT_EQ(format_scaled(kTenTo18 * 18 + 446'744'073'709'551'616, 0), "18446744073709551616");
    // The last 18 digits begin with zeros.
    EXPECT_EQ(format_scaled(kTenTo18 * 100 + 7, 0), "100000000000000000007");
    EXPECT_EQ(format_scaled(-(kTenTo18 * kTenTo18 + 50), 15),
              "-1000000000000000000000.00000000000005");
    EXPECT_EQ(format_scaled(kTenTo18 * kTenTo18, 36), "1");
    // 2^127
    const Int128 least = -(Int128{1} << 126) - (Int128{1} << 126);
    EXPECT_EQ(format_scaled(least, 0), "-170141183460469231731687303715884105728");
}

RC_GTEST_PROP(FormatScaled, RoundTrips, (std::int64_t scaled)) {
    const auto scale = *rc::gen::inRange(0, 10);
    RC_ASSERT(parse_scaled(format_scaled(scaled, scale), scale) == scaled);
}

TEST(Decimal, AddsSubtractsAndComparesExactly) {
    const auto tenth = *Quantity::parse("0.1");
    const auto fifth = *Quantity::parse("0.2");
    EXPECT_EQ((tenth + fifth).text(), "0.3");
    EXPECT_EQ((tenth - fifth).text(), "-0.1");
    EXPECT_LT(tenth, fifth);
    EXPECT_EQ(Quantity::whole(7).scaled(), 7'000'000);
    EXPECT_EQ((kMaxQuantity + kMaxQuantity).text(), "2000000000000");
}

}  // namespace
}  // namespace turnpike
