#include "sandbox/razorpay/proration.h"

#include <gtest/gtest.h>

namespace turnpike::twin::razorpay {
namespace {

using Unit = BillingInterval::Unit;

// The examples of razorpay.com/docs/payments/subscriptions/update; its days, with amounts of ours
// (the documentation leaves them out).
TEST(RazorpayProration, FollowsTheDocumentedExamples) {
    struct Case {
        const char* name;
        Terms from, to;
        int cycle_days, change_day;
        std::int64_t price;
    };
    const Case cases[] = {
        {"half the price, twice the quantity, day 15 of 30",
         {2'000, {Unit::Month, 1}},
         {2 * 1'000, {Unit::Month, 1}},
         30,
         15,
         0},
        // 3 of 8 days remain: (1000 - 4000) * 3 / 8 = -1125.
        {"less of everything, day 6 of 8",
         {2 * 2'000, {Unit::Day, 8}},
         {1'000, {Unit::Day, 8}},
         8,
         6,
         -1'125},
        // Nothing is used: 7000 - 7000.
        {"daily to weekly on the first day",
         {7'000, {Unit::Day, 7}},
         {7'000, {Unit::Week, 1}},
         7,
         1,
         0},
        // 121 of 365 days remain: 30000 - 36500 * 121 / 365 = 30000 - 12100.
        {"yearly to monthly, day 245",
         {36'500, {Unit::Year, 1}},
         {30'000, {Unit::Month, 1}},
         365,
         245,
         17'900},
        // 4 of 30 days remain: 2 * 9000 - 3000 * 4 / 30 = 18000 - 400.
        {"monthly to quarterly, day 27",
         {3'000, {Unit::Month, 1}},
         {2 * 9'000, {Unit::Month, 3}},
         30,
         27,
         17'600},
        // 2 of 3 days remain: (0 + 100) * 2 / 3 = 66.67.
        {"rounds half up once", {100, {Unit::Day, 3}}, {200, {Unit::Day, 3}}, 3, 2, 67},
    };
    const auto start = *parse_rfc3339("2027-03-01T09:00:00Z");
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        const auto end = std::chrono::floor<std::chrono::days>(start) +
                         std::chrono::days(c.cycle_days - 1) + std::chrono::minutes(18 * 60 + 30);
        const Instant now = start + std::chrono::days(c.change_day - 1);
        EXPECT_EQ(price_of_change(c.from, c.to, {start, end}, now), c.price);
    }
}

}  // namespace
}  // namespace turnpike::twin::razorpay
