#include "invoicing/amount_text.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

// ISO 4217: JPY has no minor unit, USD two digits of them, KWD three.
TEST(AmountText, HasTheDigitsOfItsCurrency) {
    EXPECT_EQ(paper_amount(Money(123'450, Currency::Usd)), "1,234.50 USD");
    EXPECT_EQ(paper_amount(Money(-12'340, Currency::Kwd)), "-12.340 KWD");
    EXPECT_EQ(paper_amount(Money(1'500, Currency::Jpy)), "1,500 JPY");
}

TEST(AmountText, AUnitPriceHasNoFewer) {
    const struct {
        const char* price;
        Currency currency;
        const char* text;
    } cases[] = {
        {"0.5", Currency::Usd, "0.50 USD"},
        {"0.003", Currency::Kwd, "0.003 KWD"},
        {"0.01", Currency::Kwd, "0.010 KWD"},
        {"0.0004", Currency::Usd, "0.0004 USD"},
        {"2", Currency::Jpy, "2 JPY"},
        {"0.25", Currency::Jpy, "0.25 JPY"},
        {"1234.5", Currency::Usd, "1,234.50 USD"},
        {"12", Currency::Kwd, "12.000 KWD"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(unit_price_text(UnitPrice::parse(c.price).value(), c.currency), c.text);
}

// 3,567 x 0.003; 1,000,000 x 2.5, written out; the smallest quantity at the smallest price.
TEST(AmountText, AProductHasAllItsDecimals) {
    const auto text = [](const char* quantity, const char* price, Currency currency) {
        return product_text(*Quantity::parse(quantity), *UnitPrice::parse(price), currency);
    };
    EXPECT_EQ(text("3567", "0.003", Currency::Kwd), "10.701 KWD");
    EXPECT_EQ(text("1000000", "2.5", Currency::Usd), "2,500,000.00 USD");
    EXPECT_EQ(text("0.000001", "0.000000001", Currency::Jpy), "0.000000000000001 JPY");
}

TEST(AmountText, AQuantityHasItsThousands) {
    EXPECT_EQ(quantity_text(Quantity::parse("-12345.5").value()), "-12,345.5");
    EXPECT_EQ(quantity_text(Quantity::whole(999)), "999");
}

}  // namespace
}  // namespace turnpike
