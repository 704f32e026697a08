#include "base/minor_units.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(MinorUnits, AreOneUnitOfTheCurrency) {
    EXPECT_EQ(minor_units(Currency::Inr), 100);
    EXPECT_EQ(minor_units(Currency::Jpy), 1);
    EXPECT_EQ(minor_units(Currency::Kwd), 1'000);
}

}  // namespace
}  // namespace turnpike
