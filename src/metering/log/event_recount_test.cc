// Voids and amends that need the other events of a counter: from sealed segments, behind snapshots,
// beside usage that goes on, and after a crash at any byte.

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "metering/log/files/log_directory.h"
#include "metering/log/requests_testing.h"
#include "metering/log/segment/sealing.h"
#include "metering/log/state/usage_snapshot.h"
#include "metering/log/usage_log.h"
#include "metering/log/verification.h"

namespace turnpike {
namespace {

using testing::finished_segment;
using testing::kStart;
using testing::Requests;
using testing::ScratchFolder;

const CustomerId kAlice = CustomerId::trusted("cus_a");
constexpr Meter::Aggregation kShown[] = {Meter::Aggregation::Max, Meter::Aggregation::Min,
                                         Meter::Aggregation::Last, Meter::Aggregation::Unique};

std::string meter_of(Meter::Aggregation aggregation) { return std::string(to_text(aggregation)); }

/// One of calls, which stands first, and one of each kind that does not add up.
std::vector<UsageCount> counts_of(std::int64_t units, int plan) {
    using enum Meter::Aggregation;
    std::vector<UsageCount> counts;
    for (const auto aggregation : {Count, Max, Min, Last, Unique}) {
        UsageWindow window = testing::window("pv_" + std::to_string(plan), plan);
        window.meter_key = meter_of(aggregation);
        window.aggregation = aggregation;
        const bool is_measured = aggregation != Count && aggregation != Unique;
        counts.push_back({std::make_shared<const UsageWindow>(window),
                          Quantity::whole(is_measured ? units : 1),
                          static_cast<std::uint64_t>(units)});
    }
    return counts;
}

class RecountedLog : public ::testing::Test {
protected:
    void SetUp() override { std::filesystem::create_directories(segments_in(folder_.path())); }

    /// A log that begins with a sealed segment of these requests and a snapshot behind it.
    void begin_with(const Requests& requests) {
        std::filesystem::create_directories(snapshots_in(folder_.path()));
        const std::size_t next = requests.payloads().size() + 1;
        const auto segment = finished_segment(segments_in(folder_.path()), requests);
        ASSERT_TRUE(seal_segment(segment, next));
        UsageState state;
        ASSERT_TRUE(state.apply_all(requests.all()));
        ASSERT_TRUE(save_snapshot(state, snapshots_in(folder_.path()), next));
        open();
    }
    void open() {
        log_.reset();
        auto opened = UsageLog::open({folder_.path(), testing::kSmallSegmentBytes, 1'000});
        ASSERT_TRUE(opened) << opened.error().message;
        log_ = *std::move(opened);
    }
    static UsageEvent event_of(const std::string& id) {
        return {.source = "test",
                .id = id,
                .customer = kAlice,
                .meter_key = {},
                .quantity = {},
                .time = kStart + std::chrono::seconds(1),  // behind all of Requests
                .latency_us = {}};
    }
    void wait() {
        std::promise<bool> durable;
        log_->when_durable([&](const std::optional<Error>& error) { durable.set_value(!error); });
        EXPECT_TRUE(durable.get_future().get());
    }
    void use(const std::string& id, std::int64_t units, int plan = 0) {
        const UsageEvent event = event_of(id);
        const auto counts = counts_of(units, plan);
        const LoggedUse use{event, counts, 1};
        const auto verdicts =
            log_->append(std::span(&use, 1), kStart, [](const std::optional<Error>&) {});
        ASSERT_TRUE(verdicts);
        ASSERT_EQ(verdicts->front(), LogVerdict::Accepted);
    }
    std::string correct(const std::string& id, const Correction& correction) {
        wait();
        const UsageEvent event = event_of(id);
        const CustomerEventName name{kAlice.text(), correction.source, correction.id};
        const auto found = log_->find_events(std::span(&name, 1));
        EXPECT_TRUE(found);
        const LoggedCorrection logged{event, correction, 7, found->front()};
        const auto verdicts = log_->correct(std::span(&logged, 1), kStart);
        EXPECT_TRUE(verdicts) << verdicts.error().message;
        wait();
        const CorrectionVerdict& verdict = verdicts->front();
        return std::string(verdict.complaint ? verdict.complaint->code : to_text(verdict.verdict));
    }
    std::string void_of(const std::string& id, const std::string& original) {
        return correct(id, {Correction::Kind::Void, "test", original});
    }
    std::string amend_of(const std::string& id, const std::string& original, std::int64_t units) {
        return correct(id, {Correction::Kind::Amend, "test", original, Quantity::whole(units)});
    }
    /// Of max, min, last and unique.
    std::vector<std::int64_t> shown() {
        std::vector<std::int64_t> numbers;
        for (const auto aggregation : kShown)
            numbers.push_back(counter(aggregation).used.scaled() / Quantity::kOne);
        return numbers;
    }
    Counter counter(Meter::Aggregation aggregation) {
        return log_->counter({kAlice.text(), ""}, meter_of(aggregation), kStart).value();
    }
    std::vector<std::string> problems() {
        log_.reset();
        std::vector<std::string> problems;
        const auto state = verify_usage_log(
            folder_.path(), {.problem = [&](const std::string& what) { problems.push_back(what); },
                             .note = [](const std::string&) {},
                             .progress = [](std::uint64_t, std::uint64_t) {}});
        EXPECT_TRUE(state);
        return problems;
    }

    ScratchFolder folder_;
    std::unique_ptr<UsageLog> log_;
};

using Numbers = std::vector<std::int64_t>;

TEST_F(RecountedLog, ASealedSegmentAndWhatCameSinceTellWhatIsLeft) {
    Requests requests;
    requests.send({"of another"}, "cus_b", counts_of(99, 0), "", {});
    requests.send({"a3"}, "cus_a", counts_of(3, 0), "", {});
    requests.send({"a8"}, "cus_a", counts_of(8, 0), "", {});
    requests.send({"a9"}, "cus_a", counts_of(9, 1), "", {});
    begin_with(requests);
    use("b9", 9, 1);
    use("b2", 2, 1);
    ASSERT_EQ(shown(), (Numbers{9, 2, 2, 4}));

    EXPECT_EQ(void_of("v1", "b2"), "accepted");
    EXPECT_EQ(shown(), (Numbers{9, 3, 9, 3}));
    EXPECT_EQ(void_of("v2", "a9"), "accepted");
    EXPECT_EQ(shown(), (Numbers{9, 3, 9, 3})) << "b9 is one as well";
    EXPECT_EQ(void_of("v3", "b9"), "accepted");
    EXPECT_EQ(shown(), (Numbers{8, 3, 8, 2}));
    EXPECT_EQ(counter(Meter::Aggregation::Max).segments.at(1).from_used, Quantity::whole(8));
    EXPECT_EQ(amend_of("a1", "a8", 1), "accepted");
    EXPECT_EQ(shown(), (Numbers{3, 1, 1, 2}));
    EXPECT_EQ(counter(Meter::Aggregation::Max).segments.at(1).from_used, Quantity::whole(3));
    open();
    EXPECT_EQ(shown(), (Numbers{3, 1, 1, 2}));
    EXPECT_EQ(void_of("v4", "a8"), "accepted");
    EXPECT_EQ(void_of("v5", "a3"), "accepted");
    EXPECT_EQ(shown(), (Numbers{0, 0, 0, 0}));
    use("c", 5, 1);
    EXPECT_EQ(shown(), (Numbers{5, 5, 5, 1})) << "as the first of all";
    EXPECT_EQ(problems(), std::vector<std::string>{});
}

/// Events of two days count in one month, each in its day first; a block has 1,024 events.
TEST_F(RecountedLog, VerificationFindsEventsThatMovedAnotherCounterFirst) {
    const auto counts_on = [](int day) {
        UsageWindow daily = testing::window("pv_1", 0), monthly = daily;
        const Instant begin = kStart + std::chrono::hours(24 * day);
        daily.reset = {Reset::Kind::Day};
        daily.period = {begin, begin + std::chrono::hours(24)};
        monthly.reset = {Reset::Kind::Month};
        const Quantity one = Quantity::whole(1);
        return std::vector<UsageCount>{{std::make_shared<const UsageWindow>(daily), one},
                                       {std::make_shared<const UsageWindow>(monthly), one}};
    };
    Requests requests;
    requests.send({"first"}, "cus_a", counts_on(0), "", {});
    std::vector<std::string> ids;
    for (int i = 0; i < 1'100; ++i) ids.push_back("later " + std::to_string(i));
    requests.send(ids, "cus_a", counts_on(1), "", {});
    begin_with(requests);
    ASSERT_EQ(void_of("v", "first"), "accepted");
    EXPECT_EQ(problems(), std::vector<std::string>{});
}

TEST_F(RecountedLog, UsageGoesOnMeanwhile) {
    open();
    use("first", 50);
    constexpr int kSentMax = 2'000;
    std::atomic<bool> is_done = false;
    std::atomic<int> sent = 0;
    std::thread sender([&] {
        for (; sent < kSentMax && !is_done; ++sent)
            use("s" + std::to_string(sent), 1 + sent % 60, sent / 900);
    });
    // Each of them has brought some counter to what it shows, or was followed by one that did.
    int voided = 0;
    for (int i = 0; i < kSentMax && voided < 40; ++i) {
        while (sent <= i) std::this_thread::yield();
        if (void_of("v" + std::to_string(i), "s" + std::to_string(i)) == "accepted") ++voided;
    }
    is_done = true;
    sender.join();
    wait();
    EXPECT_GT(voided, 0);

    const auto listed = log_->newest_events({.customer = kAlice.text(),
                                             .meter_key = {},
                                             .since = {},
                                             .until = Instant::max(),
                                             .before = {},
                                             .count_max = 10'000});
    ASSERT_TRUE(listed);
    std::int64_t most = 0, least = 1'000, last = 0;
    std::set<std::int64_t> different;
    for (const LoggedEvent& event : *listed) {
        if (event.corrects || event.status.is_voided) continue;
        const std::int64_t units = event.counts.at(1).value.scaled() / Quantity::kOne;
        if (last == 0) last = units;  // the newest; all are of one time
        most = std::max(most, units);
        least = std::min(least, units);
        different.insert(units);
    }
    EXPECT_EQ(shown(), (Numbers{most, least, last, std::ssize(different)}));
}

/// The file ends in the middle of what the void wrote, and is zeros from there on.
TEST_F(RecountedLog, ACrashLeavesTheCounterAsItWasOrAsItIs) {
    open();
    use("a5", 5);
    use("a9", 9);
    wait();
    log_.reset();
    const std::string path = list_segments(segments_in(folder_.path()))->front().path;
    const std::string before = testing::bytes_of(path);
    open();
    ASSERT_EQ(void_of("v", "a9"), "accepted");
    ASSERT_EQ(shown(), (Numbers{5, 5, 5, 1}));
    log_.reset();
    const std::string after = testing::bytes_of(path);
    const auto [from, same] = std::ranges::mismatch(before, after);
    const auto begin = static_cast<std::size_t>(from - before.begin());
    const std::size_t end = after.find_last_not_of('\0') + 1;
    ASSERT_LT(begin, end);
    for (std::size_t left = 0; left <= end - begin; left += left < 3 ? 1 : 23) {
        const std::size_t cut = end - left;
        SCOPED_TRACE(cut);
        testing::overwrite(path, begin,
                           after.substr(begin, cut - begin) + std::string(end - cut, '\0'));
        open();
        EXPECT_EQ(shown(), left == 0 ? (Numbers{5, 5, 5, 1}) : (Numbers{9, 5, 9, 2}));
        log_.reset();
    }
}

/// What the record says is believed without a look at other events, but not whatever it says.
TEST_F(RecountedLog, ARecordThatCannotBeIsDamage) {
    Requests requests;
    requests.send({"a5"}, "cus_a", counts_of(5, 0), "", {});
    struct Case {
        const char* name;
        LoggedChange change;
    };
    const Quantity one = Quantity::whole(1);
    const Case cases[] = {
        {"a count is led somewhere", {0, 0, {}, Recounted{{one}}}},
        {"two segments of one", {1, 0, {}, Recounted{{one, one}}}},
        {"a max with a time", {1, 0, {}, Recounted{{one}, kStart}}},
        {"a max without a value", {1, 0, {}, Recounted{{one}, {}, true}, 5}},
        {"a value that nobody had", {4, 0, {}, Recounted{{{}}, {}, true}, 6}},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.name);
        std::string changes, records;
        put_change(changes, c.change);
        write_record(records, ArrivalRecord{2, kStart});
        write_record(records, CorrectionRecord{.place = {2, 0},
                                               .received_at = kStart,
                                               .source = 0,
                                               .id = "v",
                                               .time = kStart,
                                               .content = 7,
                                               .original = {1, 0},
                                               .original_source = 0,
                                               .original_id = "a5",
                                               .original_time = kStart,
                                               .original_properties = "",
                                               .quantity = {},
                                               .changes = changes});
        UsageState state;
        ASSERT_TRUE(state.apply_all(requests.all()));
        EXPECT_FALSE(state.apply_all(records));
    }
}

}  // namespace
}  // namespace turnpike
