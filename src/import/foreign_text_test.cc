#include "import/foreign_text.h"

#include <string_view>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

struct Moment {
    std::string_view text;
    std::string_view meant;  ///< RFC 3339; "" is none
};

TEST(ForeignText, ReadsMomentsAsDatabasesWriteThem) {
    const Moment cases[] = {
        {"2026-11-01T08:00:00Z", "2026-11-01T08:00:00Z"},
        {"2026-11-01T08:00:00+05:30", "2026-11-01T02:30:00Z"},
        {"2026-11-01 08:00:00", "2026-11-01T08:00:00Z"},
        {"2026-11-01 08:00:00.25", "2026-11-01T08:00:00.25Z"},
        {"2026-11-01 08:00:00+00", "2026-11-01T08:00:00Z"},
        {"2026-11-01 08:00:00-0530", "2026-11-01T13:30:00Z"},
        {"2026-11-01", "2026-11-01T00:00:00Z"},
        // date -u -d 2026-11-01T08:00:00Z +%s
        {"1793520000", "2026-11-01T08:00:00Z"},
        {"1793520000250", "2026-11-01T08:00:00.25Z"},
        {"", ""},
        {"soon", ""},
        {"2026-13-01", ""},
        {"2026-11-01 08", ""},
        {"2026-11-01 08:00:00+5", ""},
        {"-1793520000", ""},
        {"179352000012", ""},
        {"99999999999999999999", ""},
    };
    for (const Moment& c : cases) {
        SCOPED_TRACE(c.text);
        const auto read = parse_foreign_time(c.text);
        EXPECT_EQ(read, parse_rfc3339(c.meant));
    }
}

TEST(ForeignText, KnowsWhatNobodyCanHaveMeant) {
    EXPECT_TRUE(is_plausible(*parse_rfc3339("2000-01-01T00:00:00Z")));
    EXPECT_TRUE(is_plausible(*parse_rfc3339("2099-12-31T23:59:59Z")));
    EXPECT_FALSE(is_plausible(*parse_rfc3339("1999-12-31T23:59:59Z")));
    EXPECT_FALSE(is_plausible(*parse_rfc3339("2100-01-01T00:00:00Z")));
}

TEST(ForeignText, CountsAreWholeNumbers) {
    EXPECT_EQ(parse_count("0"), 0);
    EXPECT_EQ(parse_count("42"), 42);
    EXPECT_EQ(parse_count("1000000000000"), 1'000'000'000'000);
    for (const auto* bad : {"", "-1", "+1", "1.0", "1.5", "1e3", "1 000", "1000000000001", "NaN",
                            "99999999999999999999"})
        EXPECT_EQ(parse_count(bad), std::nullopt) << bad;
}

TEST(ForeignText, ShowsWhatATerminalCanBear) {
    EXPECT_EQ(shown("Zo\xC3\xAB, \xE2\x82\xAC"), "Zo\xC3\xAB, \xE2\x82\xAC");
    EXPECT_EQ(shown("a\x1B[31m\n"), "a\xEF\xBF\xBD[31m\xEF\xBF\xBD");
    EXPECT_EQ(shown(std::string_view("a\0b", 3)),
              "a\xEF\xBF\xBD"
              "b");
    // C2 9B is the CSI of eight-bit terminals, FF is no UTF-8, C2 A0 is a blank that does not
    // break.
    EXPECT_EQ(shown("\xC2\x9B\xFF\xC2\xA0"), "\xEF\xBF\xBD\xEF\xBF\xBD\xC2\xA0");
    EXPECT_EQ(shown(std::string(120, 'x')), std::string(120, 'x'));
    EXPECT_EQ(shown(std::string(121, 'x')), std::string(120, 'x') + "\xE2\x80\xA6");
}

}  // namespace
}  // namespace turnpike
