#include "base/time.h"

#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace turnpike {
namespace {

using std::chrono::seconds;

// Unix times from `date -u -d TEXT +%s`.
TEST(ParseRfc3339, ReadsEveryFormThatNamesAZone) {
    struct Case {
        const char* text;
        std::int64_t micros;
    };
    const Case cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2024-09-15T00:00:00Z", 1'726'358'400'000'000},
        {"2024-09-15t00:00:00z", 1'726'358'400'000'000},
        {"2024-09-15T02:00:00+02:00", 1'726'358'400'000'000},
        {"2024-09-14T18:30:00-05:30", 1'726'358'400'000'000},
        {"2024-09-15T00:00:00+00:00", 1'726'358'400'000'000},
        {"2024-09-15T00:00:00-00:00", 1'726'358'400'000'000},
        {"2024-09-15T00:00:00.5Z", 1'726'358'400'500'000},
        {"2024-09-15T00:00:00.000001Z", 1'726'358'400'000'001},
        {"2024-09-15T00:00:00.123456789Z", 1'726'358'400'123'456},  // cut, not rounded
        {"2024-02-29T23:59:59Z", 1'709'251'199'000'000},
        {"2000-02-29T00:00:00Z", 951'782'400'000'000},
        {"2038-01-19T03:14:08Z", 2'147'483'648'000'000},
        {"9999-12-31T23:59:59.999999Z", 253'402'300'799'999'999},
        {"1970-01-01T05:30:00+05:30", 0},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.text);
        const auto moment = parse_rfc3339(c.text);
        ASSERT_TRUE(moment);
        EXPECT_EQ(unix_micros(*moment), c.micros);
    }
}

TEST(ParseRfc3339, RefusesEverythingElse) {
    const std::string_view cases[] = {
        "",
        "2024",
        "2024-09-15",
        "2024-09-15T00:00:00",   // no zone: nobody knows when
        "2024-09-15 00:00:00Z",  // RFC 3339 permits a space, we do not
        "2024-09-15T00:00Z",     // no seconds
        "2024-09-15T24:00:00Z",
        "2024-09-15T23:60:00Z",
        "2016-12-31T23:59:60Z",  // a leap second has no place in Unix time
        "2024-9-15T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "-2024-01-01T00:00:00Z",
        "2024-09-15T00:00:00.Z",
        "2024-09-15T00:00:00,5Z",
        "2024-09-15T00:00:00.1234567890Z",  // ten digits
        "2024-09-15T00:00:00+0200",
        "2024-09-15T00:00:00+02",
        "2024-09-15T00:00:00+24:00",
        "2024-09-15T00:00:00+02:60",
        "2024-09-15T00:00:00 02:00",  // a plus that a form decoder ate
        "2024-09-15T00:00:00ZZ",
        "2024-09-15T00:00:00Z ",
        " 2024-09-15T00:00:00Z",
        "2024-09-15T00:00:00UTC",
        "20240915T000000Z",
        "2024-W37-7T00:00:00Z",
        "+024-09-15T00:00:00Z",
        "2024-0\xD9\xA1-15T00:00:00Z",
        std::string_view("2024-09-15T00:00:00Z\0", 21),
        "1726358400",
        "1970-01-01T00:00:00+00:01",  // 1969 in UTC
        "9999-12-31T23:59:59-00:01",  // 10000 in UTC
    };
    for (const auto text : cases) {
        SCOPED_TRACE(text);
        EXPECT_EQ(parse_rfc3339(text), std::nullopt);
    }
}

TEST(FormatRfc3339, ShowsAFractionOnlyWhenThereIsOne) {
    EXPECT_EQ(format_rfc3339(from_unix_seconds(1'726'358'400)), "2024-09-15T00:00:00Z");
    EXPECT_EQ(format_rfc3339(from_unix_micros(1'726'358'400'000'001)),
              "2024-09-15T00:00:00.000001Z");
    EXPECT_EQ(format_rfc3339(from_unix_micros(500'000)), "1970-01-01T00:00:00.500000Z");
    EXPECT_EQ(format_rfc3339(from_unix_micros(-1)), "1969-12-31T23:59:59.999999Z");
}

RC_GTEST_PROP(FormatRfc3339, RoundTripsEveryMomentThatCanBeRead, ()) {
    const auto micros = *rc::gen::inRange<std::int64_t>(0, 253'402'300'800'000'000);
    const auto moment = from_unix_micros(micros);
    RC_ASSERT(parse_rfc3339(format_rfc3339(moment)) == moment);
}

RC_GTEST_PROP(ParseRfc3339, SurvivesAnyText, (const std::string& text)) {
    const auto moment = parse_rfc3339(text);
    if (moment) RC_ASSERT(parse_rfc3339(format_rfc3339(*moment)) == moment);
}

RC_GTEST_PROP(ParseRfc3339, SurvivesADamagedText, ()) {
    std::string text = "2024-09-15T12:34:56.789+05:30";
    text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
    const auto moment = parse_rfc3339(text);
    if (moment) RC_ASSERT(parse_rfc3339(format_rfc3339(*moment)) == moment);
}

TEST(Instant, UnixSecondsRoundDown) {
    EXPECT_EQ(unix_seconds(from_unix_micros(1'999'999)), 1);
    EXPECT_EQ(unix_seconds(from_unix_micros(-1)), -1);
}

TEST(Period, IsHalfOpen) {
    const Period period{from_unix_seconds(10), from_unix_seconds(20)};
    EXPECT_FALSE(contains(period, from_unix_micros(9'999'999)));
    EXPECT_TRUE(contains(period, from_unix_seconds(10)));
    EXPECT_TRUE(contains(period, from_unix_micros(19'999'999)));
    EXPECT_FALSE(contains(period, from_unix_seconds(20)));
}

TEST(ManualClock, MovesOnlyWhenTold) {
    ManualClock clock(from_unix_seconds(100));
    EXPECT_EQ(clock.now(), from_unix_seconds(100));
    clock.advance(seconds(5));
    EXPECT_EQ(clock.now(), from_unix_seconds(105));
    clock.set(from_unix_seconds(7));
    EXPECT_EQ(clock.now(), from_unix_seconds(7));
}

TEST(SystemClock, IsPastTheDayThisWasWritten) {
    EXPECT_GT(SystemClock().now(), *parse_rfc3339("2025-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace turnpike
