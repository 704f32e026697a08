#include "analytics/usage/usage_figures.h"

#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "analytics/usage/usage_calendar.h"

namespace turnpike {
namespace {

using enum Granularity;

Instant at(const char* text) { return *parse_rfc3339(text); }
UsageSum sum(const char* text) { return *Quantity::parse(text); }

TEST(UsageCalendar, ABucketIsAnHourADayAnIsoWeekOrAMonthInUtc) {
    struct Case {
        const char* name;
        Granularity granularity;
        const char *moment, *start, *end;
    };
    const Case cases[] = {
        {"hour", Hour, "2024-02-29T23:59:59.999999Z", "2024-02-29T23:00:00Z",
         "2024-03-01T00:00:00Z"},
        {"day", Day, "2024-02-29T12:00:00Z", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"},
        {"a Sunday ends its week", Week, "2024-09-01T12:00:00Z", "2024-08-26T00:00:00Z",
         "2024-09-02T00:00:00Z"},
        {"a Monday begins one", Week, "2024-09-02T00:00:00Z", "2024-09-02T00:00:00Z",
         "2024-09-09T00:00:00Z"},
        {"a week across years", Week, "2025-01-01T00:00:00Z", "2024-12-30T00:00:00Z",
         "2025-01-06T00:00:00Z"},
        {"February of a leap year", Month, "2024-02-29T00:00:00Z", "2024-02-01T00:00:00Z",
         "2024-03-01T00:00:00Z"},
        {"December", Month, "2024-12-31T23:59:59Z", "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(bucket_at(at(c.moment), c.granularity), (Period{at(c.start), at(c.end)}));
    }
}

TEST(UsageCalendar, BucketsCoverWhatIsAsked) {
    const Period asked{at("2024-01-15T10:30:00Z"), at("2024-03-01T00:00:00Z")};
    const auto months = buckets_of(asked, Month);
    ASSERT_EQ(months->size(), 2U);
    EXPECT_EQ(months->front().start, at("2024-01-01T00:00:00Z"));
    EXPECT_EQ(months->back().end, asked.end);
    EXPECT_EQ(buckets_of(asked, Day)->size(), 46U);  // 17 of January, 29 of February
}

TEST(UsageCalendar, AThousandBucketsAreTheMost) {
    const Instant start = at("2024-01-01T00:00:00Z");
    const std::chrono::hours thousand(1'000);
    EXPECT_EQ(buckets_of({start, start + thousand}, Hour)->size(), kBucketsMax);
    EXPECT_FALSE(buckets_of({start, start + thousand + Duration(1)}, Hour));
}

TEST(UsageCalendar, MovesByBuckets) {
    EXPECT_EQ(moved_by_buckets(at("2024-03-01T00:00:00Z"), Month, -1), at("2024-02-01T00:00:00Z"));
    EXPECT_EQ(moved_by_buckets(at("2024-03-01T00:00:00Z"), Month, -15), at("2022-12-01T00:00:00Z"));
    EXPECT_EQ(moved_by_buckets(at("2024-03-04T00:00:00Z"), Week, -1), at("2024-02-26T00:00:00Z"));
    EXPECT_EQ(moved_by_buckets(at("2024-03-01T00:00:00Z"), Day, -1), at("2024-02-29T00:00:00Z"));
    EXPECT_EQ(moved_by_buckets(at("2024-03-01T00:00:00Z"), Hour, 25), at("2024-03-02T01:00:00Z"));
}

RC_GTEST_PROP(UsageCalendar, EveryMomentIsInOneBucket, ()) {
    const auto granularity = *rc::gen::element(Hour, Day, Week, Month);
    const Instant start = from_unix_seconds(*rc::gen::inRange<std::int64_t>(0, 4'000'000'000));
    const Instant end = start + std::chrono::seconds(*rc::gen::inRange(1, 3'600'000));
    const auto buckets = buckets_of({start, end}, granularity);
    RC_PRE(buckets.has_value());
    RC_ASSERT(contains(buckets->front(), start));
    RC_ASSERT(contains(buckets->back(), end - Duration(1)));
    for (std::size_t i = 1; i < buckets->size(); ++i) {
        RC_ASSERT((*buckets)[i].start == (*buckets)[i - 1].end);
        RC_ASSERT(moved_by_buckets((*buckets)[i].start, granularity, -1) ==
                  (*buckets)[i - 1].start);
    }
}

TEST(UsageSum, IsWrittenAsADecimal) {
    struct Case {
        Int128 scaled;
        const char* text;
    };
    const Int128 million_trillions = Int128{1'000'000'000'000'000'000} * 1'000'000;
    const Case cases[] = {
        {0, "0"},
        {1, "0.000001"},
        {1'500'000, "1.5"},
        {-1'500'000, "-1.5"},
        {100'000'000, "100"},
        {million_trillions, "1000000000000000000"},
        {million_trillions + 30'000, "1000000000000000000.03"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.text);
        EXPECT_EQ(UsageSum::from_scaled(c.scaled).text(), c.text);
    }
}

RC_GTEST_PROP(UsageSum, ComesBackFromItsParts, ()) {
    const auto sum = UsageSum::from_scaled(Int128{*rc::gen::arbitrary<std::int64_t>()} * 1'000 +
                                           *rc::gen::inRange(0, 1'000));
    RC_ASSERT(sum.millionths() >= 0 && sum.millionths() < 1'000'000);
    RC_ASSERT(UsageSum::from_parts(sum.units(), sum.millionths()) == sum);
}

TEST(UsageFigures, FallIntoTheirBuckets) {
    const auto buckets = *buckets_of({at("2024-09-01T00:00:00Z"), at("2024-09-04T00:00:00Z")}, Day);
    const std::vector<UsageSpan> spans = {
        {at("2024-09-01T23:00:00Z"), {2, sum("1.5"), {}}},
        {at("2024-09-03T00:00:00Z"), {1, sum("4"), {}}},
        {at("2024-09-01T00:00:00Z"), {1, sum("0.5"), {}}},
        {at("2024-08-31T23:00:00Z"), {9, sum("9"), {}}},
        {at("2024-09-04T00:00:00Z"), {9, sum("9"), {}}},
    };
    const std::vector<UsageFigures> expected = {{3, sum("2"), {}}, {}, {1, sum("4"), {}}};
    EXPECT_EQ(sum_into(buckets, spans), expected);
}

TEST(UsageFigures, ChangesAreInPercentOfWhatWasBefore) {
    struct Case {
        const char *now, *before;
        std::optional<std::string> change;
    };
    const Case cases[] = {
        {"125", "100", "25"}, {"1", "3", "-66.67"}, {"0", "5", "-100"},
        {"5", "5", "0"},      {"5", "0", {}},       {"2", "1.5", "33.33"},
    };
    for (const Case& c : cases) EXPECT_EQ(change_percentage(sum(c.now), sum(c.before)), c.change);
    EXPECT_EQ(share_percentage(sum("1"), sum("8")), "12.5");
    EXPECT_EQ(share_percentage(sum("1"), sum("0")), std::nullopt);
}

TEST(LinearForecast, GoesOnAsItWentSoFar) {
    const Period ten_days{at("2024-09-01T00:00:00Z"), at("2024-09-11T00:00:00Z")};
    struct Case {
        const char* name;
        const char *used, *now;
        std::optional<std::string> at_end;
    };
    const Case cases[] = {
        {"a quarter", "25", "2024-09-03T12:00:00Z", "100"},
        {"nothing used", "0", "2024-09-06T00:00:00Z", "0"},
        {"a third, rounded once", "1", "2024-09-04T00:00:00Z", "3.333333"},
        {"before the period", "0", "2024-09-01T00:00:00Z", {}},
        {"at its end", "7", "2024-09-11T00:00:00Z", "7"},
        {"behind it", "7", "2024-10-01T00:00:00Z", "7"},
        {"all that a counter holds, in the first microsecond", "1000000000000",
         "2024-09-01T00:00:00.000001Z", "864000000000000000000000"},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto forecast = linear_forecast(*Quantity::parse(c.used), ten_days, at(c.now));
        EXPECT_EQ(forecast ? std::optional(forecast->text()) : std::nullopt, c.at_end);
    }
}

RC_GTEST_PROP(LinearForecast, IsNeverLessThanWhatIsUsed, ()) {
    const auto used =
        Quantity::from_scaled(*rc::gen::inRange<std::int64_t>(0, kMaxQuantity.scaled()));
    const Period period{from_unix_seconds(0), from_unix_seconds(2'678'400)};
    const Instant now = from_unix_micros(*rc::gen::inRange<std::int64_t>(1, 3'000'000'000'000));
    RC_ASSERT(*linear_forecast(used, period, now) >= UsageSum(used));
}

}  // namespace
}  // namespace turnpike
