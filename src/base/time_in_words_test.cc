#include "base/time_in_words.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

// RFC 9110's date, and one of one digit.
TEST(InWords, SaysDaysAndTimes) {
    EXPECT_EQ(time_in_words(from_unix_seconds(784'111'777)), "6 November 1994 at 08:49 UTC");
    EXPECT_EQ(day_in_words(from_unix_seconds(0)), "1 January 1970");
}

}  // namespace
}  // namespace turnpike
