#include "instant_text.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace turnpike::client {
namespace {

using std::chrono::microseconds;

TEST(InstantText, IsTheShortestRfc3339) {
    struct Case {
        std::int64_t us;
        const char* text;
    };
    const Case cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {1'726'358'400'000'000, "2024-09-15T00:00:00Z"},  // date -u -d 2024-09-15 +%s
        {1'726'358'400'250'000, "2024-09-15T00:00:00.25Z"},
        {1'709'251'199'999'999, "2024-02-29T23:59:59.999999Z"},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(format_instant(Instant(microseconds(c.us))), c.text);
        EXPECT_EQ(parse_instant(c.text), Instant(microseconds(c.us)));
    }
}

TEST(InstantText, OtherTextsAreNone) {
    for (const char* text :
         {"", "2024-09-15", "2024-09-15T00:00:00", "2024-09-15T00:00:00+00:00",
          "2024-02-30T00:00:00Z", "2024-09-15T24:00:00Z", "2024-09-15T00:60:00Z",
          "2024-09-15T00:00:00.Z", "2024-09-15T00:00:00.1234567Z", "2024-09-15T00:00:00.1xZ",
          "2024-09-15 00:00:00Z", "+024-09-15T00:00:00Z", "2024-13-15T00:00:00Z"})
        EXPECT_FALSE(parse_instant(text)) << text;
}

RC_GTEST_PROP(InstantText, ReadsWhatItWrote, ()) {
    // 253402300799999999 us is the last microsecond of the year 9999.
    const Instant instant(
        microseconds(*rc::gen::inRange<std::int64_t>(0, 253'402'300'800'000'000)));
    RC_ASSERT(parse_instant(format_instant(instant)) == instant);
}

}  // namespace
}  // namespace turnpike::client
