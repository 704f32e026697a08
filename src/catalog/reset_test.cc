#include "catalog/reset.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

TEST(Reset, IsReadAndToldAlike) {
    struct Case {
        const char* text;
        Reset reset;
    };
    const Case cases[] = {
        {"billing_period", {}},
        {"day", {Reset::Kind::Day}},
        {"week", {Reset::Kind::Week}},
        {"month", {Reset::Kind::Month}},
        {"lifetime", {Reset::Kind::Lifetime}},
        {"rolling_1h", {Reset::Kind::Rolling, 1}},
        {"rolling_743h", {Reset::Kind::Rolling, 743}},
        {"rolling_1d", {Reset::Kind::Rolling, 24}},
        {"rolling_366d", {Reset::Kind::Rolling, 366 * 24}},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(parse_reset(c.text), c.reset) << c.text;
        EXPECT_EQ(to_text(c.reset), c.text);
    }
}

TEST(Reset, WholeDaysMayBeSaidInHours) {
    EXPECT_EQ(parse_reset("rolling_24h"), parse_reset("rolling_1d"));
    EXPECT_EQ(parse_reset("rolling_744h"), parse_reset("rolling_31d"));
}

TEST(Reset, NothingElseIsOne) {
    for (const char* text :
         {"", "Day", "hour", "year", "rolling", "rolling_", "rolling_h", "rolling_0h",
          "rolling_01h", "rolling_-1h", "rolling_+1h", "rolling_1", "rolling_1.5h", "rolling_1m",
          "rolling_745h", "rolling_367d", "rolling_99999999999d", "rolling_1h ", " day"})
        EXPECT_FALSE(parse_reset(text)) << text;
}

}  // namespace
}  // namespace turnpike
