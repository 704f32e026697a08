#include "subscriptions/billing_period.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace turnpike {
namespace {

using Unit = BillingInterval::Unit;

// A calendar of its own: counts days one by one from 1 January 1970, without <chrono>'s dates.
struct Day {
    int year, month, day;
    friend bool operator==(const Day&, const Day&) = default;
};
bool is_leap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }
int length_of_month(int year, int month) {
    constexpr int kLengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : kLengths[month - 1];
}
const std::vector<Day>& all_days() {
    static const std::vector<Day> days = [] {
        std::vector<Day> list;
        for (int year = 1970; year < 2050; ++year)
            for (int month = 1; month <= 12; ++month)
                for (int day = 1; day <= length_of_month(year, month); ++day)
                    list.push_back({year, month, day});
        return list;
    }();
    return days;
}
std::int64_t number_of(const Day& wanted) {
    const auto& days = all_days();
    // 366 days a year is never short, so the search walks back a little.
    std::size_t i =
        static_cast<std::size_t>((wanted.year - 1970) * 366 + (wanted.month - 1) * 31 + wanted.day);
    if (i >= days.size()) i = days.size() - 1;
    while (!(days[i] == wanted)) --i;
    return static_cast<std::int64_t>(i);
}
Day naive_add_months(const Day& start, int months) {
    Day result = start;
    for (int i = 0; i < months; ++i) {
        if (++result.month == 13) {
            result.month = 1;
            ++result.year;
        }
    }
    result.day = std::min(start.day, length_of_month(result.year, result.month));
    return result;
}

Instant at(const char* text) { return *parse_rfc3339(text); }
constexpr BillingInterval kMonthly{Unit::Month, 1};

TEST(BillingPeriod, MonthEndsClampAndComeBack) {
    struct Case {
        const char* anchor;
        BillingInterval interval;
        std::vector<const char*> following;
    };
    const Case cases[] = {
        {"2025-01-31T10:00:00Z",
         kMonthly,
         {"2025-02-28T10:00:00Z", "2025-03-31T10:00:00Z", "2025-04-30T10:00:00Z",
          "2025-05-31T10:00:00Z"}},
        {"2024-01-31T23:59:59Z",
         kMonthly,
         {"2024-02-29T23:59:59Z", "2024-03-31T23:59:59Z", "2024-04-30T23:59:59Z"}},
        {"2025-01-30T00:00:00Z", kMonthly, {"2025-02-28T00:00:00Z", "2025-03-30T00:00:00Z"}},
        {"2025-01-29T00:00:00Z", kMonthly, {"2025-02-28T00:00:00Z", "2025-03-29T00:00:00Z"}},
        {"2024-01-29T00:00:00Z", kMonthly, {"2024-02-29T00:00:00Z", "2024-03-29T00:00:00Z"}},
        {"2024-12-31T00:00:00.123456Z",
         {Unit::Month, 2},
         {"2025-02-28T00:00:00.123456Z", "2025-04-30T00:00:00.123456Z"}},
        {"2024-02-29T12:00:00Z",
         {Unit::Year, 1},
         {"2025-02-28T12:00:00Z", "2026-02-28T12:00:00Z", "2027-02-28T12:00:00Z",
          "2028-02-29T12:00:00Z"}},
        {"2025-11-10T18:29:11Z", {Unit::Year, 1}, {"2026-11-10T18:29:11Z"}},
        {"2025-12-30T00:00:00Z", {Unit::Week, 1}, {"2026-01-06T00:00:00Z"}},
        {"2024-02-28T00:00:00Z", {Unit::Day, 1}, {"2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.anchor);
        EXPECT_EQ(add_intervals(at(c.anchor), c.interval, 0), at(c.anchor));
        for (std::size_t i = 0; i < c.following.size(); ++i)
            EXPECT_EQ(format_rfc3339(add_intervals(at(c.anchor), c.interval,
                                                   static_cast<std::int64_t>(i) + 1)),
                      c.following[i]);
    }
}

TEST(BillingPeriod, AgreesWithADayByDayCalendarForEveryStartDay) {
    const Duration time_of_day = std::chrono::hours(17) + std::chrono::microseconds(3);
    const auto& days = all_days();
    // Every day of 1996-2004 (with 2000, a leap century) as the anchor; up to 40 months ahead.
    for (std::int64_t i = number_of({1996, 1, 1}); i < number_of({2005, 1, 1}); ++i) {
        const Day& start = days[static_cast<std::size_t>(i)];
        const Instant anchor = Instant(std::chrono::days(i)) + time_of_day;
        for (int count : {1, 3, 12}) {
            for (int n = 0; n * count <= 40; ++n) {
                const auto expected = number_of(naive_add_months(start, n * count));
                ASSERT_EQ(add_intervals(anchor, {Unit::Month, count}, n),
                          Instant(std::chrono::days(expected)) + time_of_day)
                    << start.year << "-" << start.month << "-" << start.day << " + " << n << "*"
                    << count;
            }
        }
        for (int n = 0; n < 5; ++n)
            ASSERT_EQ(add_intervals(anchor, {Unit::Year, 1}, n),
                      add_intervals(anchor, {Unit::Month, 12}, n));
    }
}

TEST(BillingPeriod, PeriodsTileTimeForEveryStartDay) {
    for (std::int64_t i = number_of({2023, 1, 1}); i < number_of({2025, 1, 1}); ++i) {
        const Instant anchor = Instant(std::chrono::days(i)) + std::chrono::seconds(86'399);
        for (std::int64_t n = -14; n < 14; ++n) {
            const Period period = period_number(anchor, kMonthly, n);
            ASSERT_LT(period.start, period.end);
            ASSERT_EQ(period.end, period_number(anchor, kMonthly, n + 1).start);
            ASSERT_EQ(period_containing(anchor, kMonthly, period.start), period);
            ASSERT_EQ(period_containing(anchor, kMonthly, period.end - Duration(1)), period);
        }
    }
}

TEST(BillingPeriod, TheContainingPeriodIsTheOnlyOneThatContains) {
    const bool holds = rc::check([] {
        const Instant anchor(Duration(*rc::gen::inRange<std::int64_t>(0, 2'000'000'000'000'000)));
        const Instant moment(Duration(*rc::gen::inRange<std::int64_t>(0, 2'000'000'000'000'000)));
        const BillingInterval interval{
            *rc::gen::element(Unit::Day, Unit::Week, Unit::Month, Unit::Year),
            *rc::gen::inRange(1, 7)};
        const Period period = period_containing(anchor, interval, moment);
        RC_ASSERT(contains(period, moment));

        // Half way through, the period is still the same one.
        RC_ASSERT(period_containing(anchor, interval,
                                    period.start + (period.end - period.start) / 2) == period);
    });
    EXPECT_TRUE(holds);
}

}  // namespace
}  // namespace turnpike
