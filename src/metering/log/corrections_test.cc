// Corrections in the log: sealed, followed, found, and in the state that a start ends in.

#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "metering/log/files/log_directory.h"
#include "metering/log/log_follow.h"
#include "metering/log/requests_testing.h"
#include "metering/log/segment/sealed_segment.h"
#include "metering/log/segment/sealing.h"
#include "metering/log/segment/segment_replay.h"
#include "metering/log/state/snapshot_comparison.h"
#include "metering/log/state/usage_snapshot.h"
#include "metering/log/usage_log.h"
#include "metering/log/verification.h"

namespace turnpike {
namespace {

using testing::finished_segment;
using testing::kStart;
using testing::Requests;
using testing::ScratchFolder;
using testing::window;
using Ids = std::vector<std::string>;

/// In frames 1 to 5, which are arrivals too; two of the four events are voided.
Requests corrected_requests() {
    Requests requests;
    requests.send({"first", "a2"}, "cus_a", window("pv_1", 0));
    requests.send({"first of b"}, "cus_b", window("pv_1", 0));
    requests.void_first("v1", 1, 0);
    requests.send({"a3"}, "cus_a", window("pv_2", 1));
    requests.void_first("v2", 2, 1);
    return requests;
}

UsageState state_of(const std::string& directory) {
    UsageState state;
    const auto read = read_segments(*list_segments(directory), {},
                                    {.records = [&](std::uint64_t, std::string_view records) {
                                        return state.apply_all(records);
                                    }});
    EXPECT_TRUE(read) << read.error().message;
    return state;
}

Quantity used(const UsageState& state, const char* customer) {
    return state.counter({customer, ""}, "api_calls", kStart)->used;
}

TEST(Corrections, ASealedSegmentSaysTheSame) {
    const ScratchFolder folder;
    const auto log = finished_segment(folder.path(), corrected_requests());
    ASSERT_TRUE(seal_segment(log, 6));
    const UsageState state = state_of(folder.path());
    EXPECT_EQ(used(state, "cus_a"), Quantity::whole(2));
    EXPECT_EQ(used(state, "cus_b"), Quantity{});
    EXPECT_EQ(state.corrected_events(), 2U);
    EXPECT_TRUE(state.status_of({1, 0}).is_voided);
    EXPECT_EQ(state.status_of({1, 1}), EventStatus{});

    const auto segment = SealedSegment::open(sealed_path(log));
    ASSERT_TRUE(segment);
    const auto behind = [&](std::uint64_t arrival) {
        Ids ids;
        const auto visited = segment->visit_corrections(
            arrival, [&](const CorrectionRecord& record) { ids.emplace_back(record.id); });
        EXPECT_TRUE(visited);
        return ids;
    };
    EXPECT_EQ(behind(0), (Ids{"v1", "v2"}));
    EXPECT_EQ(behind(3), (Ids{"v2"}));
    EXPECT_EQ(behind(5), Ids{});
}

TEST(Corrections, AreFollowedOnceWhereverTheReaderStoodWhenTheSegmentWasSealed) {
    for (std::uint64_t frames = 0; frames <= 5; ++frames) {
        SCOPED_TRACE(frames);
        const ScratchFolder folder;
        const auto log = finished_segment(folder.path(), corrected_requests());
        Ids corrections;
        const LogFollower follower{
            .event = [](const SealedEvent&) {},
            .has_enough = [] { return false; },
            .correction =
                [&](const CorrectionRecord& record) { corrections.emplace_back(record.id); }};
        const auto mark = follow_log(folder.path(), frames, {}, follower);
        ASSERT_TRUE(mark);
        ASSERT_TRUE(seal_segment(log, 6));
        const auto end = follow_log(folder.path(), 5, *mark, follower);
        ASSERT_TRUE(end);
        EXPECT_EQ(end->last_arrival, 5U);
        EXPECT_EQ(corrections, (Ids{"v1", "v2"}));
    }
}

TEST(Corrections, ASnapshotThatForgetsOneIsNamed) {
    UsageState state;
    ASSERT_TRUE(state.apply_all(corrected_requests().all()));
    std::string forgetful;
    const auto written = state.write_snapshot([&](std::string_view records) {
        RecordReader reader(records);
        while (const auto record = reader.next())
            if (!std::holds_alternative<CorrectedRecord>(*record))
                write_record(forgetful, *record, kStart);
        return Result<std::monostate>();
    });
    ASSERT_TRUE(written);
    UsageState restored;
    ASSERT_TRUE(restored.apply_all(forgetful));
    EXPECT_EQ(differences_between(restored, state),
              (Ids{"it does not know the corrected event 0 of arrival 1",
                   "it does not know the corrected event 0 of arrival 2"}));
}

/// A log whose first segment is sealed, with a snapshot behind it.
class CorrectedLog : public ::testing::Test {
protected:
    void SetUp() override {
        const std::string segments = segments_in(folder_.path());
        std::filesystem::create_directories(segments);
        std::filesystem::create_directories(snapshots_in(folder_.path()));
        const auto log = finished_segment(segments, corrected_requests());
        ASSERT_TRUE(seal_segment(log, 6));
        UsageState state;
        ASSERT_TRUE(state.apply_all(corrected_requests().all()));
        ASSERT_TRUE(save_snapshot(state, snapshots_in(folder_.path()), 6));
        open();
    }
    void open() {
        log_.reset();
        auto opened = UsageLog::open({folder_.path(), testing::kSmallSegmentBytes, 1'000});
        ASSERT_TRUE(opened) << opened.error().message;
        log_ = *std::move(opened);
    }
    std::string send(const std::string& id, const Correction& correction,
                     std::uint32_t content = 7) {
        const UsageEvent event{.source = "test",
                               .id = id,
                               .customer = CustomerId::trusted("cus_a"),
                               .meter_key = {},
                               .quantity = {},
                               .time = kStart,
                               .latency_us = {}};
        const CustomerEventName name{event.customer.text(), correction.source, correction.id};
        const auto found = log_->find_events(std::span(&name, 1));
        EXPECT_TRUE(found);
        const LoggedCorrection logged{event, correction, content, found->front()};
        const auto verdicts = log_->correct(std::span(&logged, 1), kStart);
        std::promise<bool> durable;
        log_->when_durable([&](const std::optional<Error>& error) { durable.set_value(!error); });
        EXPECT_TRUE(verdicts && durable.get_future().get());
        const CorrectionVerdict& verdict = verdicts->front();
        return std::string(verdict.complaint ? verdict.complaint->code : to_text(verdict.verdict));
    }
    Quantity used_of(const char* customer) {
        return log_->counter({customer, ""}, "api_calls", kStart)->used;
    }
    static Correction void_of(const std::string& id) {
        return {Correction::Kind::Void, "test", id};
    }

    ScratchFolder folder_;
    std::unique_ptr<UsageLog> log_;
};

TEST_F(CorrectedLog, AStartKnowsCorrectionsOfSealedSegmentsByNameAndEffect) {
    EXPECT_EQ(used_of("cus_a"), Quantity::whole(2));
    // Requests counts contents from 100 on: four events, with v1 the fourth of these names.
    EXPECT_EQ(send("v1", void_of("first"), 103), "duplicate");
    EXPECT_EQ(send("v1", void_of("a2"), 7), "conflict");
    EXPECT_EQ(send("v3", void_of("first")), "already_voided");
    EXPECT_EQ(send("v3", void_of("v1")), "unknown_event");
    EXPECT_EQ(send("v3", void_of("first of b")), "unknown_event");
    EXPECT_EQ(send("v3", void_of("a2")), "accepted");
    EXPECT_EQ(send("a1", {Correction::Kind::Amend, "test", "a3", Quantity::whole(4)}), "accepted");
    EXPECT_EQ(used_of("cus_a"), Quantity::whole(4));
    open();
    EXPECT_EQ(used_of("cus_a"), Quantity::whole(4));
    EXPECT_EQ(send("v3", void_of("a2")), "duplicate");
    EXPECT_EQ(send("v4", void_of("a2")), "already_voided");

    const auto listed = log_->newest_events({.customer = {},
                                             .meter_key = {},
                                             .since = {},
                                             .until = Instant::max(),
                                             .before = {},
                                             .count_max = 100});
    ASSERT_TRUE(listed);
    Ids ids;
    for (const LoggedEvent& event : *listed)
        ids.push_back(event.event.id + (event.status.is_voided ? " voided" : "") +
                      (event.status.amended ? " amended" : ""));
    EXPECT_EQ(ids, (Ids{"a1", "v3", "v2", "a3 amended", "v1", "first of b voided", "a2 voided",
                        "first voided"}));
}

TEST_F(CorrectedLog, VerificationFindsNothingWrong) {
    ASSERT_EQ(send("v3", void_of("a2")), "accepted");
    log_.reset();
    Ids problems;
    const auto state = verify_usage_log(
        folder_.path(), {.problem = [&](const std::string& what) { problems.push_back(what); },
                         .note = [](const std::string&) {},
                         .progress = [](std::uint64_t, std::uint64_t) {}});
    EXPECT_EQ(problems, Ids{});
    ASSERT_TRUE(state);
    EXPECT_EQ(state->events(), 4U);
    EXPECT_EQ(state->corrected_events(), 3U);
}

}  // namespace
}  // namespace turnpike
