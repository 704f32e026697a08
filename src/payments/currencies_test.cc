#include "payments/currencies.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(WireAmount, KnowsEveryCurrency) {
    // ISO 4217's minor units are Stripe's, and three-decimal amounts end in 0 (spec 1.12).
    struct Case {
        const char* code;
        std::int64_t minor;
        bool chargeable;
    };
    const Case cases[] = {
        {"usd", 1999, true}, {"eur", 1, true},     {"gbp", 5, true},     {"inr", 499, true},
        {"jpy", 1999, true}, {"krw", 1, true},     {"aud", 3, true},     {"cad", 3, true},
        {"chf", 3, true},    {"sgd", 3, true},     {"brl", 3, true},     {"mxn", 3, true},
        {"nzd", 3, true},    {"sek", 3, true},     {"nok", 3, true},     {"dkk", 3, true},
        {"pln", 3, true},    {"kwd", 1990, true},  {"kwd", 1999, false}, {"bhd", 5, false},
        {"jod", 15, false},  {"omr", 1001, false}, {"tnd", -5, false},   {"tnd", -10, true},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.code);
        const auto currency = parse_currency(c.code);
        ASSERT_TRUE(currency);
        const auto wire = wire_amount(Money(c.minor, *currency));
        ASSERT_EQ(wire.has_value(), c.chargeable);
        if (!wire) {
            EXPECT_EQ(wire.error().reason.text(), "payment.amount_not_chargeable");
            continue;
        }
        EXPECT_EQ(*wire, c.minor);
        EXPECT_EQ(*read_amount(*wire, c.code), Money(c.minor, *currency));
    }
}

TEST(UpperCode, IsIso4217s) {
    EXPECT_EQ(upper_code(Currency::Inr), "INR");
    EXPECT_EQ(upper_code(Currency::Usd), "USD");
}

}  // namespace
}  // namespace turnpike
