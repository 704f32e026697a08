#include "base/check.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(Check, LetsAKeptPromisePass) { check(true, "one is one"); }

TEST(CheckDeathTest, ABrokenPromiseAbortsAndSaysWhereAndWhat) {
    EXPECT_DEATH(check(false, "one is two"),
                 R"(check_test\.cc:[0-9]+: broken promise: one is two)");
}

}  // namespace
}  // namespace turnpike
