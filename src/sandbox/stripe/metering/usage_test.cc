#include "sandbox/stripe/metering/usage.h"

#include <gtest/gtest.h>

namespace turnpike::twin {
namespace {

Instant at(const char* text) { return *parse_rfc3339(text); }
Int128 units(const char* text) { return *parse_usage(text); }

TEST(UsageValue, IsAnExactDecimal) {
    for (const char* text : {"0", "25", "-7", "0.000000000001", "123.45", "999999999999999"}) {
        SCOPED_TRACE(text);
        const auto value = parse_usage(text);
        ASSERT_TRUE(value);
        EXPECT_EQ(usage_text(*value), text);
    }
}

TEST(UsageValue, IsRefusedOtherwise) {
    for (const char* text :
         {"", "-", "ten", "1e3", "+1", "1.", ".5", " 1", "0.0000000000001", "1,0"}) {
        SCOPED_TRACE(text);
        const auto value = parse_usage(text);
        ASSERT_FALSE(value);
        EXPECT_EQ(value.error(), ValueProblem::NotANumber);
    }
    for (const char* text : {"1000000000000000", "1234567890.123456"}) {
        SCOPED_TRACE(text);
        const auto value = parse_usage(text);
        ASSERT_FALSE(value);
        EXPECT_EQ(value.error(), ValueProblem::TooManyDigits);
    }
}

// Received in this order; the third one is the latest in time but one.
const std::vector<UsageEvent> kEvents{
    {at("2026-03-01T10:05:00Z"), units("5")},
    {at("2026-03-01T10:55:00Z"), units("2.5")},
    {at("2026-03-02T00:10:00Z"), units("4")},
    {at("2026-03-01T23:59:59Z"), units("-1")},
};

struct AggregationCase {
    std::string name;
    Aggregation aggregation;
    std::string expected;
};

TEST(Usage, IsAggregatedByFormula) {
    const std::vector<AggregationCase> cases{
        {"sum", {Formula::Sum, {}}, "10.5"},
        {"count", {Formula::Count, {}}, "4"},
        {"last in time, not in order of receipt", {Formula::Last, {}}, "4"},
        // 10h: 2.5, 23h: -1, 0h: 4
        {"one an hour", {Formula::Sum, UsageWindow::Hour}, "5.5"},
        {"one an hour, counted", {Formula::Count, UsageWindow::Hour}, "3"},
        // 1 March: -1 was received last; 2 March: 4
        {"one a day", {Formula::Sum, UsageWindow::Day}, "3"},
        {"one a day, the last", {Formula::Last, UsageWindow::Day}, "4"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(usage_text(aggregate(c.aggregation, kEvents)), c.expected);
    }
}

TEST(Usage, WithoutEventsIsNothing) {
    for (const auto formula : {Formula::Sum, Formula::Count, Formula::Last})
        EXPECT_EQ(usage_text(aggregate({formula, UsageWindow::Day}, {})), "0");
}

TEST(Usage, OfTwoLastOnesTheLaterReceivedCounts) {
    const std::vector<UsageEvent> twice{{at("2026-03-01T10:00:00Z"), units("8")},
                                        {at("2026-03-01T10:00:00Z"), units("3")}};
    EXPECT_EQ(usage_text(aggregate({Formula::Last, {}}, twice)), "3");
}

}  // namespace
}  // namespace turnpike::twin
