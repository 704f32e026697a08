#include "sandbox/razorpay/calendar.h"

#include <gtest/gtest.h>

namespace turnpike::twin::razorpay {
namespace {

Instant at(const char* text) { return *parse_rfc3339(text); }

// Samples of Razorpay's documentation (create, fetch and invoices of a subscription), in Unix
// seconds, cut to the minute where the sample was shifted by hand.
TEST(RazorpayCalendar, EndsCyclesAsTheDocumentedSamplesDo) {
    const auto weekly = *interval_of("weekly", 1);
    const auto monthly = *interval_of("monthly", 1);
    EXPECT_EQ(unix_seconds(cycle_end(from_unix_seconds(1'580'284'732), weekly, 0)), 1'580'841'000);
    EXPECT_EQ(unix_seconds(cycle_end(from_unix_seconds(1'591'878'205), monthly, 0)), 1'594'405'800);
    EXPECT_EQ(unix_seconds(cycle_end(from_unix_seconds(1'591'878'205), monthly, 1)), 1'597'084'200);
}

TEST(RazorpayCalendar, ShowsTheLastChargeAsTheEnd) {
    struct Case {
        const char* name;
        std::int64_t start;
        BillingInterval interval;
        std::int64_t total;
        std::int64_t end_at;
    };
    const Case cases[] = {
        {"six weeks", 1'773'461'489, *interval_of("weekly", 1), 6, 1'776'450'600},
        {"twelve months", 1'561'852'802, *interval_of("monthly", 1), 12, 1'590'777'000},
        {"six times two months", 1'577'385'995, *interval_of("monthly", 2), 6, 1'603'737'000},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(unix_seconds(last_charge_day(from_unix_seconds(c.start), c.interval, c.total)),
                  c.end_at);
    }
}

TEST(RazorpayCalendar, EndsEveryCycleOnMidnightInIndia) {
    for (const char* period : {"daily", "weekly", "monthly", "quarterly", "yearly"}) {
        SCOPED_TRACE(period);
        for (std::int64_t n = 0; n < 30; ++n) {
            const auto end = cycle_end(at("2027-01-31T20:15:07Z"), *interval_of(period, 7), n);
            EXPECT_EQ(unix_seconds(end) % 86'400, 66'600);  // 18:30 UTC
        }
    }
}

TEST(RazorpayCalendar, CountsFromTheDayInIndia) {
    const auto monthly = *interval_of("monthly", 1);
    // 18:29:59 UTC is 23:59:59 of the 31st in India, one second later it is the 1st.
    EXPECT_EQ(cycle_end(at("2027-01-31T18:29:59Z"), monthly, 0), at("2027-02-27T18:30:00Z"));
    EXPECT_EQ(cycle_end(at("2027-01-31T18:30:00Z"), monthly, 0), at("2027-02-28T18:30:00Z"));
    // The 31st comes back where a month has one.
    EXPECT_EQ(cycle_end(at("2027-01-31T06:00:00Z"), monthly, 1), at("2027-03-30T18:30:00Z"));
}

TEST(RazorpayCalendar, CountsDaysAsIndiaDoes) {
    EXPECT_EQ(days_between(at("2027-01-31T00:00:00Z"), at("2027-01-31T18:29:59Z")), 0);
    EXPECT_EQ(days_between(at("2027-01-31T18:29:59Z"), at("2027-01-31T18:30:00Z")), 1);
    EXPECT_EQ(days_between(at("2027-01-01T10:00:00Z"), at("2027-01-31T18:30:00Z")), 31);
}

TEST(RazorpayCalendar, KnowsFivePeriods) {
    using Unit = BillingInterval::Unit;
    EXPECT_EQ(interval_of("quarterly", 2), (BillingInterval{Unit::Month, 6}));
    EXPECT_EQ(interval_of("yearly", 1), (BillingInterval{Unit::Year, 1}));
    EXPECT_FALSE(interval_of("month", 1).has_value());
}

}  // namespace
}  // namespace turnpike::twin::razorpay
