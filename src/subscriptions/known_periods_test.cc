#include "subscriptions/known_periods.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace turnpike {
namespace {

using Unit = BillingInterval::Unit;

Instant day(const char* text) { return *parse_rfc3339(std::string(text) + "T00:00:00Z"); }
Period days(const char* start, const char* end) { return {day(start), day(end)}; }

constexpr BillingInterval kMonthly{Unit::Month, 1};

TEST(BillingPeriodAt, IsAKnownOneOrFillsTheGapBetweenThem) {
    constexpr BillingInterval kYearly{Unit::Year, 1}, kFortnightly{Unit::Week, 2};
    struct Case {
        const char* name;
        KnownPeriods known;
        const char* started_at;  ///< nullptr: not known
        BillingInterval interval;
        const char* moment;
        Period expected;
    };
    const Period february = days("2024-01-31", "2024-02-29");
    const Case cases[] = {
        {"known", {february, {}}, "2024-01-31", kMonthly, "2024-02-10", february},
        {"known, and overtaken",
         {february, day("2024-02-20")},
         "2024-01-31",
         kMonthly,
         "2024-02-10",
         february},
        {"the next one keeps the anchor",
         {february, {}},
         "2024-01-31",
         kMonthly,
         "2024-02-29",
         days("2024-02-29", "2024-03-31")},
        {"also the second next",
         {february, {}},
         "2024-01-31",
         kMonthly,
         "2024-04-01",
         days("2024-03-31", "2024-04-30")},
        {"nobody knows the anchor",
         {february, {}},
         nullptr,
         kMonthly,
         "2024-04-01",
         days("2024-03-29", "2024-04-29")},
        {"the anchor was moved",
         {days("2024-02-10", "2024-03-10"), {}},
         "2024-01-31",
         kMonthly,
         "2024-03-31",
         days("2024-03-10", "2024-04-10")},
        {"the one before keeps the anchor",
         {{}, day("2024-04-30")},
         "2024-01-31",
         kMonthly,
         "2024-04-01",
         days("2024-03-31", "2024-04-30")},
        {"before one that was moved",
         {{}, day("2024-04-10")},
         "2024-01-31",
         kMonthly,
         "2024-03-20",
         days("2024-03-10", "2024-04-10")},
        {"none begins before the subscription",
         {{}, day("2024-04-10")},
         "2024-04-01",
         kMonthly,
         "2024-04-05",
         days("2024-04-01", "2024-04-10")},
        {"a gap is filled to its end",
         {february, day("2024-03-15")},
         "2024-01-31",
         kMonthly,
         "2024-03-01",
         days("2024-02-29", "2024-03-15")},
        {"years, from a leap day",
         {{}, day("2025-02-28")},
         "2020-02-29",
         kYearly,
         "2024-03-01",
         days("2024-02-29", "2025-02-28")},
        {"weeks",
         {{}, day("2024-04-29")},
         "2024-04-01",
         kFortnightly,
         "2024-04-14",
         days("2024-04-01", "2024-04-15")},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        std::optional<Instant> started_at;
        if (c.started_at != nullptr) started_at = day(c.started_at);
        const Period found = billing_period_at(c.known, started_at, c.interval, day(c.moment));
        EXPECT_EQ(format_rfc3339(found.start), format_rfc3339(c.expected.start));
        EXPECT_EQ(format_rfc3339(found.end), format_rfc3339(c.expected.end));
    }
}

}  // namespace
}  // namespace turnpike
