// The history of a counter, and what it comes to when it is counted anew, in every store.

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "metering/counter_history.h"
#include "metering/log/files/log_directory.h"
#include "metering/log/segment/segment_file.h"
#include "metering/store_testing.h"

namespace turnpike {
namespace {

using testing::Kind;
using testing::kind_name;
using testing::kSeptember;
using testing::kStart;
using testing::run;
using enum Meter::Aggregation;

struct Read {
    CounterHistory history;
    std::vector<CounterEntry> entries;
};

/// Of one subscription; what it uses also counts by day, and first there when `day_first`.
struct Contracted {
    SubscriptionId subscription;
    Meter::Aggregation aggregation;
    bool day_first;
};

class Histories : public testing::StoreTest {
protected:
    [[nodiscard]] std::vector<UsageCount> counts(const Contracted& contract, const char* plan,
                                                 std::int64_t units, std::uint64_t unique) {
        UsageWindow month = world().window(plan, kSeptember, contract.subscription);
        month.aggregation = contract.aggregation;
        month.overage_unit_price = UnitPrice::whole(1);
        month.overage_cap.reset();
        month.revision = std::string(plan) == "pro" ? 0 : 1;
        UsageWindow day = month;
        day.reset = Reset{Reset::Kind::Day};
        day.period.end = kStart + std::chrono::days(1);
        std::vector<UsageCount> both{testing::count_of(month, units),
                                     testing::count_of(day, units)};
        for (UsageCount& count : both) {
            count.unique = unique;
            const bool is_one = contract.aggregation == Count || contract.aggregation == Unique;
            if (is_one) count.value = Quantity::whole(1);
        }
        if (contract.day_first) std::swap(both.front(), both.back());
        return both;
    }
    PendingUsage event(const std::string& id, std::vector<UsageCount> counts, Instant time) {
        UsageEvent event{.source = "test",
                         .id = id,
                         .customer = alice_,
                         .meter_key = "api_calls",
                         .quantity = counts.front().value,
                         .time = time,
                         .latency_us = std::nullopt};
        return {std::move(event), TimeStated::Yes, {counts.begin(), counts.end()}};
    }
    Read read(const Contracted& contract, std::uint64_t after = 0,
              std::optional<std::uint64_t> last = {}) {
        std::vector<CounterEntry> entries;
        HistoryQuery query{alice_, contract.subscription, "api_calls", kStart, after, last};
        const auto found = run(store().read_history(
            std::move(query), [&](const CounterEntry& entry) { entries.push_back(entry); }));
        EXPECT_TRUE(found && *found);
        return {**found, std::move(entries)};
    }
    /// Random usage under two plans, corrected at random.
    void use(const Contracted& contract, std::mt19937_64& random) {
        const auto upto = [&](std::uint64_t most) { return random() % (most + 1); };
        const std::string name = contract.subscription.text();
        for (int i = 0; i < 60; ++i) {
            const std::string id = name + "-" + std::to_string(i);
            if (i > 5 && upto(3) == 0) {
                const bool is_void = upto(1) == 0;
                const std::string original = name + "-" + std::to_string(upto(5));
                testing::record(
                    store(), {testing::correcting(
                                 alice_, id,
                                 {is_void ? Correction::Kind::Void : Correction::Kind::Amend,
                                  "test", original, Quantity::whole(static_cast<int>(upto(90)))})});
                continue;
            }
            const char* plan = i < 30 ? "pro" : "enterprise";
            const auto units = static_cast<std::int64_t>(upto(100));
            testing::record(store(), {event(id, counts(contract, plan, units, upto(20)),
                                            kStart + Duration(upto(1000)))});
        }
    }
};
INSTANTIATE_TEST_SUITE_P(AllStores, Histories,
                         ::testing::Values(Kind::Sqlite, Kind::Postgres, Kind::Log), kind_name);

SubscriptionId subscription(int number) {
    return SubscriptionId::trusted("sub_0000000000000000000000000" + std::to_string(number));
}

TEST_P(Histories, ShowEachEventAndCorrectionInTheOrderOfCounting) {
    const Contracted contract{subscription(1), Sum, true};
    testing::record(store(), {event("a", counts(contract, "pro", 5, 0), kStart + Duration(9)),
                              event("b", counts(contract, "enterprise", 7, 0), kStart)});
    testing::record(
        store(), {testing::correcting(alice_, "c",
                                      {Correction::Kind::Amend, "test", "a", Quantity::whole(2)})});
    restart();
    const auto [history, entries] = read(contract);
    ASSERT_EQ(entries.size(), 3U);
    EXPECT_EQ(history.entries, 3U);
    EXPECT_EQ(history.counter.used, Quantity::whole(9));
    EXPECT_EQ(entries[0].event_id, "a");
    EXPECT_EQ(entries[0].segment, 0U);
    EXPECT_EQ(entries[0].time, kStart + Duration(9));
    EXPECT_EQ(entries[1].event_id, "b");
    EXPECT_EQ(entries[1].segment, 1U);
    EXPECT_EQ(entries[1].value, Quantity::whole(7));
    EXPECT_EQ(entries[2].event_id, "c");
    EXPECT_EQ(entries[2].number, 3U);
    EXPECT_EQ(entries[2].segment, 0U);
    EXPECT_EQ(entries[2].value, Quantity::whole(-3));  // 5 counts as 2
    ASSERT_TRUE(entries[2].corrects);
    EXPECT_EQ(entries[2].corrects->id, "a");
    EXPECT_EQ(entries[2].corrects->quantity, Quantity::whole(2));
    EXPECT_EQ(read(contract, 1, 2).entries.size(), 1U);
    EXPECT_EQ(read(contract, 1, 2).entries.front().event_id, "b");
    EXPECT_EQ(read(contract, 0, 2).history.entries, 2U);
    EXPECT_EQ(read(contract, 0, 99).history.entries, 3U);
}

TEST_P(Histories, OfNothingAreNone) {
    HistoryQuery query{alice_, subscription(1), "api_calls", kStart};
    const auto found = run(store().read_history(std::move(query), [](const CounterEntry&) {}));
    ASSERT_TRUE(found);
    EXPECT_FALSE(*found);
}

TEST_P(Histories, ComeToWhatTheCounterShowsHoweverItCounts) {
    std::mt19937_64 random(20261123);
    const auto aggregations = {Sum, Count, Max, Min, Last, Unique};
    int number = 0;
    for (const auto aggregation : aggregations) {
        for (const bool day_first : {false, true}) {
            SCOPED_TRACE(std::string(to_text(aggregation)) + (day_first ? ", day first" : ""));
            const Contracted contract{SubscriptionId::trusted("sub_000000000000000000000000" +
                                                              std::to_string(10 + number++)),
                                      aggregation, day_first};
            use(contract, random);
            restart();
            const auto [history, entries] = read(contract);
            HistoryTally tally(aggregation);
            for (std::size_t i = 0; i < entries.size(); ++i) {
                EXPECT_EQ(entries[i].number, i + 1);
                tally.add(entries[i]);
            }
            EXPECT_GT(entries.size(), 30U);
            EXPECT_EQ(tally.used(history.counter.segments.size()),
                      used_by_segment(history.counter));
        }
    }
}

class SealedHistories : public Histories {};
INSTANTIATE_TEST_SUITE_P(Log, SealedHistories, ::testing::Values(Kind::Log), kind_name);

// Ids of 255 bytes: 33 requests of 5,000 such events are more than a segment of 32 MiB.
TEST_P(SealedHistories, AreReadFromWhatHasLeftTheHotStore) {
    const Contracted contract{subscription(1), Sum, true};
    constexpr std::size_t kRequests = 33, kEvents = 5'000;
    for (std::size_t request = 0; request < kRequests; ++request) {
        std::vector<PendingUsage> events;
        for (std::size_t i = 0; i < kEvents; ++i) {
            std::string id = std::to_string(request * kEvents + i);
            id.insert(0, 255 - id.size(), '0');
            events.push_back(event(id, {counts(contract, "pro", 1, 0).back()}, kStart));
        }
        testing::record(store(), std::move(events));
    }
    const std::string first(254, '0');
    testing::record(store(), {testing::correcting(alice_, "void",
                                                  {Correction::Kind::Void, "test", first + "7"})});
    const auto is_sealed = [&] {
        const auto segments = list_segments(segments_in(folder_.path()));
        return segments->front().form == SegmentForm::Sealed;
    };
    while (!is_sealed()) testing::wait_a_little();
    HistoryTally tally(Sum);
    std::uint64_t number = 0;
    HistoryQuery query{alice_, contract.subscription, "api_calls", kStart};
    const auto found = run(store().read_history(std::move(query), [&](const CounterEntry& entry) {
        EXPECT_EQ(entry.number, ++number);
        tally.add(entry);
    }));
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->entries, kRequests * kEvents + 1);
    EXPECT_EQ(tally.used(1), std::vector<Quantity>{Quantity::whole(kRequests * kEvents - 1)});
    EXPECT_EQ(read(contract, 164'999, 165'001).entries.back().event_id, "void");
}

}  // namespace
}  // namespace turnpike
