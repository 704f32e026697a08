#include "analytics/usage/latency_histogram.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace turnpike {
namespace {

LatencyHistogram histogram_of(const std::vector<std::int64_t>& micros) {
    LatencyHistogram histogram;
    for (const auto each : micros) histogram.add(Duration(each));
    return histogram;
}

std::int64_t percentile_of(const LatencyHistogram& histogram, int percent) {
    return histogram.percentile(percent)->count();
}

/// From 0 to a day, small ones as often as large ones.
rc::Gen<std::int64_t> latency() {
    return rc::gen::apply([](std::int64_t value, int shift) { return value >> shift; },
                          rc::gen::inRange<std::int64_t>(0, Duration(kLatencyMax).count() + 1),
                          rc::gen::inRange(0, 37));
}

TEST(LatencyHistogram, WithoutLatenciesThereIsNoPercentile) {
    EXPECT_FALSE(LatencyHistogram().percentile(50));
    EXPECT_EQ(LatencyHistogram().text(), "");
}

TEST(LatencyHistogram, TellsTheEndOfTheBucket) {
    struct Case {
        const char* name;
        std::int64_t micros, told;
    };
    const Case cases[] = {
        {"nothing", 0, 0},
        {"the last exact one", 15, 15},
        {"buckets of one below 32", 31, 31},
        {"of two from 32 on", 32, 33},
        {"of four from 64 on", 64, 67},
        {"12.5 ms: 2^13 + 8 * 512 = 12288, and 512 wide", 12'500, 12'799},
        {"negative is nothing", -5, 0},
        {"a day: 2^36 + 4 * 2^32 = 85.9e9, and 2^32 wide", 86'400'000'000, 90'194'313'215},
        {"longer than a day is a day", 90'000'000'000'000, 90'194'313'215},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        EXPECT_EQ(percentile_of(histogram_of({c.micros}), 50), c.told);
    }
}

TEST(LatencyHistogram, PercentilesAreByNearestRank) {
    // 1 to 10: half are at most 5, nine at most 9.
    const auto ten = histogram_of({10, 1, 9, 2, 8, 3, 7, 4, 6, 5});
    EXPECT_EQ(percentile_of(ten, 50), 5);
    EXPECT_EQ(percentile_of(ten, 51), 6);
    EXPECT_EQ(percentile_of(ten, 90), 9);
    EXPECT_EQ(percentile_of(ten, 99), 10);
    EXPECT_EQ(percentile_of(ten, 100), 10);
    EXPECT_EQ(percentile_of(ten, 1), 1);
}

TEST(LatencyHistogram, TextsThatItNeverWritesAreRefused) {
    for (const char* text : {"x", "1", "1:", ":1", "1:0", "2:1 1:1", "1:1 1:1", "1:1  2:1", " 1:1",
                             "1:1 ", "99999:1", "-1:1", "1:-1", "1:99999999999999999999"}) {
        SCOPED_TRACE(text);
        EXPECT_FALSE(LatencyHistogram::parse(text));
    }
    EXPECT_EQ(LatencyHistogram::parse("")->count(), 0U);
    EXPECT_EQ(LatencyHistogram::parse("3:2 17:1")->count(), 3U);
}

RC_GTEST_PROP(LatencyHistogram, IsNeverBelowTheTruthAndAtMostASixteenthAbove, ()) {
    auto micros = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(latency()));
    const auto percent = *rc::gen::inRange(1, 101);
    const auto told = percentile_of(histogram_of(micros), percent);
    std::ranges::sort(micros);
    const std::size_t rank = (micros.size() * static_cast<std::size_t>(percent) + 99) / 100;
    const std::int64_t truth = micros[rank - 1];
    RC_ASSERT(told >= truth);
    RC_ASSERT((told - truth) * 16 <= truth);
}

RC_GTEST_PROP(LatencyHistogram, PartsAddUpToTheWhole, ()) {
    const auto first = *rc::gen::container<std::vector<std::int64_t>>(latency());
    const auto second = *rc::gen::container<std::vector<std::int64_t>>(latency());
    auto all = first;
    all.insert(all.end(), second.begin(), second.end());
    auto merged = histogram_of(first);
    merged.merge(histogram_of(second));
    RC_ASSERT(merged == histogram_of(all));
    RC_ASSERT(merged.count() == all.size());
}

RC_GTEST_PROP(LatencyHistogram, ComesBackFromItsText, ()) {
    const auto histogram = histogram_of(*rc::gen::container<std::vector<std::int64_t>>(latency()));
    RC_ASSERT(LatencyHistogram::parse(histogram.text()) == histogram);
}

}  // namespace
}  // namespace turnpike
