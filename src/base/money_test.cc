#include "base/money.h"

#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace turnpike {
namespace {

Quantity quantity(std::string_view text) { return *Quantity::parse(text); }
UnitPrice price(std::string_view text) { return *UnitPrice::parse(text); }

std::vector<std::int64_t> minors(const std::vector<Money>& parts) {
    std::vector<std::int64_t> result;
    for (const auto& part : parts) result.push_back(part.minor());
    return result;
}

// ISO 4217, list one: the minor unit of each currency.
TEST(Currency, HasIsoCodeAndExponent) {
    struct Case {
        Currency currency;
        const char* code;
        int exponent;
    };
    const Case cases[] = {
        {Currency::Usd, "usd", 2}, {Currency::Eur, "eur", 2}, {Currency::Gbp, "gbp", 2},
        {Currency::Inr, "inr", 2}, {Currency::Jpy, "jpy", 0}, {Currency::Kwd, "kwd", 3},
        {Currency::Aud, "aud", 2}, {Currency::Cad, "cad", 2}, {Currency::Chf, "chf", 2},
        {Currency::Sgd, "sgd", 2}, {Currency::Brl, "brl", 2}, {Currency::Mxn, "mxn", 2},
        {Currency::Krw, "krw", 0}, {Currency::Bhd, "bhd", 3}, {Currency::Jod, "jod", 3},
        {Currency::Omr, "omr", 3}, {Currency::Tnd, "tnd", 3}, {Currency::Nzd, "nzd", 2},
        {Currency::Sek, "sek", 2}, {Currency::Nok, "nok", 2}, {Currency::Dkk, "dkk", 2},
        {Currency::Pln, "pln", 2},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.code);
        EXPECT_EQ(to_text(c.currency), c.code);
        EXPECT_EQ(exponent_of(c.currency), c.exponent);
        EXPECT_EQ(parse_currency(c.code), c.currency);
    }
    EXPECT_EQ(parse_currency("USD"), Currency::Usd);
    for (const auto* unknown : {"", "us", "usdx", "xxx", " usd", "usd "})
        EXPECT_EQ(parse_currency(unknown), std::nullopt) << unknown;
}

TEST(Money, IsBoundedWhereItEnters) {
    EXPECT_TRUE(Money::bounded(Money::kMaxMinor, Currency::Usd));
    EXPECT_TRUE(Money::bounded(-Money::kMaxMinor, Currency::Usd));
    const auto over = Money::bounded(Money::kMaxMinor + 1, Currency::Usd);
    ASSERT_FALSE(over);
    EXPECT_EQ(over.error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(over.error().reason, Reason("money.out_of_range"));
    EXPECT_FALSE(Money::bounded(-Money::kMaxMinor - 1, Currency::Usd));
}

TEST(Money, IsWrittenForPeopleInMajorUnits) {
    EXPECT_EQ(Money(4690, Currency::Usd).text(), "46.90 USD");
    EXPECT_EQ(Money(5, Currency::Usd).text(), "0.05 USD");
    EXPECT_EQ(Money(-5, Currency::Usd).text(), "-0.05 USD");
    EXPECT_EQ(Money(0, Currency::Usd).text(), "0.00 USD");
    EXPECT_EQ(Money(500, Currency::Jpy).text(), "500 JPY");
    EXPECT_EQ(Money(12'345, Currency::Kwd).text(), "12.345 KWD");
    EXPECT_EQ(Money(std::numeric_limits<std::int64_t>::min(), Currency::Jpy).text(),
              "-9223372036854775808 JPY");
}

TEST(Money, AddsAndSubtracts) {
    EXPECT_EQ(Money(9900, Currency::Usd) + Money(4690, Currency::Usd),
              Money(14'590, Currency::Usd));
    EXPECT_EQ(Money(100, Currency::Usd) - Money(250, Currency::Usd), Money(-150, Currency::Usd));
    EXPECT_NE(Money(1, Currency::Usd), Money(1, Currency::Eur));
}

TEST(MoneyDeathTest, TwoCurrenciesAreNeverAdded) {
    EXPECT_DEATH(static_cast<void>(Money(1, Currency::Usd) + Money(1, Currency::Eur)),
                 "of one currency are added");
    EXPECT_DEATH(static_cast<void>(Money(1, Currency::Usd) - Money(1, Currency::Eur)),
                 "of one currency are subtracted");
}

TEST(Extend, RoundsOncePerLine) {
    struct Case {
        const char* quantity;
        const char* price;
        Currency currency;
        std::int64_t half_up, half_even, down;
    };
    const Case cases[] = {
        {"2345", "0.02", Currency::Usd, 4690, 4690, 4690},  // the published example: $46.90
        {"1", "0.03", Currency::Usd, 3, 3, 3},
        {"0", "0.03", Currency::Usd, 0, 0, 0},
        {"1", "0.005", Currency::Usd, 1, 0, 0},        // half a cent: a tie
        {"3", "0.005", Currency::Usd, 2, 2, 1},        // one and a half
        {"5", "0.005", Currency::Usd, 3, 2, 2},        // two and a half
        {"1", "0.004999999", Currency::Usd, 0, 0, 0},  // just under the tie
        {"1", "0.005000001", Currency::Usd, 1, 1, 0},  // just over
        {"0.5", "0.01", Currency::Usd, 1, 0, 0},       // the quantity is broken, not the price
        {"-1", "0.005", Currency::Usd, -1, 0, 0},      // ties go away from zero on both sides
        {"1", "0.5", Currency::Jpy, 1, 0, 0},
        {"3", "0.5", Currency::Jpy, 2, 2, 1},
        // Three decimals are charged in tens: 5 fils are half of one, 15 one and a half.
        {"1", "0.005", Currency::Kwd, 10, 0, 0},
        {"3", "0.005", Currency::Kwd, 20, 20, 10},
        {"4467", "0.003", Currency::Kwd, 13'400, 13'400, 13'400},  // 13.401
        {"1000", "0.0125", Currency::Kwd, 12'500, 12'500, 12'500},
        {"1000000000000", "10", Currency::Usd, Money::kMaxMinor, Money::kMaxMinor,
         Money::kMaxMinor},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(std::string(c.quantity) + " x " + c.price);
        const auto line = [&](Rounding rounding) {
            return extend(quantity(c.quantity), price(c.price), c.currency, rounding)->minor();
        };
        EXPECT_EQ(line(Rounding::HalfUp), c.half_up);
        EXPECT_EQ(line(Rounding::HalfEven), c.half_even);
        EXPECT_EQ(line(Rounding::Down), c.down);
    }
}

TEST(Extend, RefusesMoreThanAnyInvoice) {
    // 10^12 x 10.01 USD is 10^15 + 10^12 cents.
    const auto line = extend(kMaxQuantity, price("10.01"), Currency::Usd, Rounding::HalfUp);
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().reason, Reason("money.out_of_range"));
    // The largest factors that the types hold: the product needs 126 bits.
    constexpr auto kLargest = std::numeric_limits<std::int64_t>::max();
    EXPECT_FALSE(extend(Quantity::from_scaled(kLargest), UnitPrice::from_scaled(kLargest),
                        Currency::Kwd, Rounding::HalfUp));
}

TEST(Scale, RoundsAFractionOfAnAmount) {
    const Money amount(2500, Currency::Usd);
    EXPECT_EQ(scale(amount, 1, 3, Rounding::HalfUp)->minor(), 833);     // 833.33
    EXPECT_EQ(scale(amount, 2, 3, Rounding::HalfUp)->minor(), 1667);    // 1666.67
    EXPECT_EQ(scale(amount, 1, 5000, Rounding::HalfUp)->minor(), 1);    // 0.5, a tie
    EXPECT_EQ(scale(amount, 1, 5000, Rounding::HalfEven)->minor(), 0);  // 0.5, to the even side
    EXPECT_EQ(scale(amount, -1, 3, Rounding::HalfUp)->minor(), -833);
    EXPECT_EQ(scale(amount, 0, 7, Rounding::HalfUp)->minor(), 0);
    EXPECT_FALSE(scale(Money(Money::kMaxMinor, Currency::Usd), 2, 1, Rounding::HalfUp));
}

TEST(Allocate, GivesTheOddUnitsToTheLargestRemainders) {
    struct Case {
        std::int64_t total;
        std::vector<std::int64_t> weights, parts;
    };
    const Case cases[] = {
        {100, {1}, {100}},
        {100, {1, 1, 1}, {34, 33, 33}},
        {-100, {1, 1, 1}, {-34, -33, -33}},
        {101, {1, 1, 1}, {34, 34, 33}},
        {0, {1, 2}, {0, 0}},
        {5, {3, 7}, {2, 3}},          // 1.5 and 3.5: a tie goes to the earlier
        {500, {10, 20}, {167, 333}},  // 166.67 and 333.33
        {1, {0, 0, 1}, {0, 0, 1}},    // nothing goes to a weight of nothing
        {2, {1, 0, 1, 1}, {1, 0, 1, 0}},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.total);
        EXPECT_EQ(minors(allocate(Money(c.total, Currency::Usd), c.weights)), c.parts);
    }
}

TEST(AllocateDeathTest, NeedsAWeightAndNoneBelowZero) {
    const std::vector<std::int64_t> none, zeros{0, 0}, negative{-1, 2};
    EXPECT_DEATH(static_cast<void>(allocate(Money(1, Currency::Usd), none)), "weight is positive");
    EXPECT_DEATH(static_cast<void>(allocate(Money(1, Currency::Usd), zeros)), "weight is positive");
    EXPECT_DEATH(static_cast<void>(allocate(Money(1, Currency::Usd), negative)), "is negative");
}

rc::Gen<std::vector<std::int64_t>> some_weights() {
    return rc::gen::suchThat(rc::gen::container<std::vector<std::int64_t>>(
                                 rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000)),
                             [](const auto& weights) {
                                 return std::accumulate(weights.begin(), weights.end(),
                                                        std::int64_t{0}) > 0;
                             });
}

RC_GTEST_PROP(Allocate, PartsSumToTheWhole, ()) {
    const auto total = *rc::gen::inRange(-Money::kMaxMinor, Money::kMaxMinor + 1);
    const auto weights = *some_weights();
    const auto parts = minors(allocate(Money(total, Currency::Usd), weights));
    RC_ASSERT(parts.size() == weights.size());
    RC_ASSERT(std::accumulate(parts.begin(), parts.end(), std::int64_t{0}) == total);
}

RC_GTEST_PROP(Allocate, EachPartIsLessThanOneUnitFromItsShare, ()) {
    const auto total = *rc::gen::inRange(-Money::kMaxMinor, Money::kMaxMinor + 1);
    const auto weights = *some_weights();
    const auto parts = minors(allocate(Money(total, Currency::Usd), weights));
    const auto sum = std::accumulate(weights.begin(), weights.end(), Int128{0});
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const Int128 off = parts[i] * sum - static_cast<Int128>(total) * weights[i];
        RC_ASSERT(off < sum);
        RC_ASSERT(off > -sum);
    }
}

}  // namespace
}  // namespace turnpike
