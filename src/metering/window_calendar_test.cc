#include "metering/window_calendar.h"

#include <gtest/gtest.h>

namespace turnpike {
namespace {

Instant at(const char* text) { return *parse_rfc3339(text); }

const Period kPeriod{at("2024-01-31T08:00:00Z"), at("2024-02-29T08:00:00Z")};

TEST(WindowAt, FindsTheCalendarsWindows) {
    using enum Reset::Kind;
    struct Case {
        Reset reset;
        const char* moment;
        const char* start;
        const char* end;
    };
    const Case cases[] = {
        {{BillingPeriod}, "2024-06-01T00:00:00Z", "2024-01-31T08:00:00Z", "2024-02-29T08:00:00Z"},
        {{Day}, "2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"},
        {{Day}, "2024-02-29T23:59:59.999999Z", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"},
        // 2024-02-26 is a Monday.
        {{Week}, "2024-02-26T00:00:00Z", "2024-02-26T00:00:00Z", "2024-03-04T00:00:00Z"},
        {{Week}, "2024-03-03T23:59:59Z", "2024-02-26T00:00:00Z", "2024-03-04T00:00:00Z"},
        // 2025-01-01 is a Wednesday: its week began in the year before.
        {{Week}, "2025-01-01T12:00:00Z", "2024-12-30T00:00:00Z", "2025-01-06T00:00:00Z"},
        // The first day of all is a Thursday.
        {{Week}, "1970-01-01T00:00:00Z", "1969-12-29T00:00:00Z", "1970-01-05T00:00:00Z"},
        {{Month}, "2024-02-29T23:59:59Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"},
        {{Month}, "2023-12-31T00:00:00Z", "2023-12-01T00:00:00Z", "2024-01-01T00:00:00Z"},
        {{Lifetime}, "2024-02-29T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"},
        {{Rolling, 24}, "2024-02-29T00:00:00Z", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"},
    };
    for (const Case& c : cases) {
        const Period window = window_at(c.reset, kPeriod, at(c.moment));
        EXPECT_EQ(unix_micros(window.start),
                  unix_micros(c.start == std::string("1969-12-29T00:00:00Z")
                                  ? from_unix_seconds(-3 * 86'400)
                                  : at(c.start)))
            << to_text(c.reset) << " " << c.moment;
        EXPECT_EQ(window.end, at(c.end)) << to_text(c.reset) << " " << c.moment;
    }
}

}  // namespace
}  // namespace turnpike
