#include "metering/log/segment/log_writer.h"

#include <atomic>
#include <csignal>
#include <future>
#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "metering/log/log_testing.h"

namespace turnpike {
namespace {

using testing::ScratchFolder;

const std::size_t kSegmentBytes = frame_bytes(kFramePayloadMax) + 4096;

class LogWriterTest : public ::testing::Test {
protected:
    std::unique_ptr<LogWriter> start(std::uint64_t next_sequence = 1) {
        auto writer =
            LogWriter::start({folder_.path(), kSegmentBytes}, std::nullopt, next_sequence);
        EXPECT_TRUE(writer);
        return *std::move(writer);
    }

    /// Submits and waits.
    static std::optional<Error> write(LogWriter& writer, std::string_view records) {
        const auto room = writer.has_room(records.size());
        if (!room) return room.error();
        std::promise<std::optional<Error>> done;
        writer.submit(records, [&](const std::optional<Error>& failed) { done.set_value(failed); });
        return done.get_future().get();
    }

    /// Everything that is on disk, in order.
    std::string on_disk() {
        std::string all;
        const auto segments = list_segments(folder_.path());
        EXPECT_TRUE(segments);
        std::uint64_t next = segments->front().first_sequence;
        for (const auto& segment : *segments) {
            EXPECT_EQ(segment.first_sequence, next);
            const auto end = scan_segment(segment, 1, [&](std::uint64_t, std::string_view payload) {
                all += payload;
                return Result<std::monostate>();
            });
            EXPECT_TRUE(end);
            EXPECT_EQ(end->state, SegmentEnd::State::Clean);
            next = end->next_sequence;
        }
        return all;
    }

    ScratchFolder folder_;
};

TEST_F(LogWriterTest, WhatIsDoneIsOnDisk) {
    auto writer = start();
    EXPECT_EQ(writer->durable_sequence(), 0U);
    EXPECT_FALSE(write(*writer, "one "));
    EXPECT_EQ(on_disk(), "one ");
    EXPECT_FALSE(write(*writer, "two "));
    EXPECT_EQ(on_disk(), "one two ");
    EXPECT_EQ(writer->durable_sequence(), 2U);
}

TEST_F(LogWriterTest, NothingToWriteWaitsForWhatIsOnItsWay) {
    auto writer = start();
    EXPECT_FALSE(write(*writer, ""));
    EXPECT_EQ(writer->durable_sequence(), 0U);
    std::atomic<int> done = 0;
    writer->submit("one", [&](const std::optional<Error>&) { ++done; });
    EXPECT_FALSE(write(*writer, ""));
    EXPECT_EQ(done, 1);
    EXPECT_EQ(on_disk(), "one");
}

TEST_F(LogWriterTest, ManyThreadsShareFramesAndLoseNothing) {
    constexpr int kThreads = 4, kEach = 200;
    auto writer = start();
    std::mutex sequencer;
    std::atomic<int> done = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < kEach; ++i) {
                const std::scoped_lock lock(sequencer);
                ASSERT_TRUE(writer->has_room(1));
                writer->submit("x", [&](const std::optional<Error>& failed) {
                    EXPECT_FALSE(failed);
                    ++done;
                });
            }
        });
    for (auto& thread : threads) thread.join();
    writer.reset();
    EXPECT_EQ(done, kThreads * kEach);
    EXPECT_EQ(on_disk(), std::string(kThreads * kEach, 'x'));
}

TEST_F(LogWriterTest, GoesOnInTheNextSegment) {
    auto writer = start();
    const std::string large(kFramePayloadMax, 'a');
    for (int i = 0; i < 3; ++i) {
        // A spare segment is made while nothing waits for the disk.
        while (!writer->has_room(large.size())) testing::wait_a_little();
        EXPECT_FALSE(write(*writer, large));
    }
    EXPECT_EQ(list_segments(folder_.path())->size(), 3U);
    EXPECT_EQ(on_disk().size(), 3 * large.size());
    EXPECT_EQ(writer->has_room(kFramePayloadMax + 1).error().reason, Reason("usage_log.busy"));
}

TEST_F(LogWriterTest, GoesOnWhereALogEnded) {
    start();
    const auto place = list_segments(folder_.path())->front();
    auto tail = SegmentFile::reopen(place, {.next_sequence = 1}, kSegmentBytes);
    ASSERT_TRUE(tail);
    auto writer = LogWriter::start({folder_.path(), kSegmentBytes}, *std::move(tail), 1);
    ASSERT_TRUE(writer);
    EXPECT_FALSE(write(**writer, "one"));
    EXPECT_EQ(on_disk(), "one");
}

void limit_file_size(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
}

TEST_F(LogWriterTest, AFullDiskIsSaidAndHealsByItself) {
    auto writer = start();
    const std::string large(kFramePayloadMax, 'a');
    while (!writer->has_room(kSegmentBytes / 2)) testing::wait_a_little();
    EXPECT_FALSE(write(*writer, large));
    while (!writer->has_room(large.size())) testing::wait_a_little();
    limit_file_size(kSegmentBytes - 1);  // the spare exists; there will be no other one
    EXPECT_FALSE(write(*writer, large));
    while (writer->has_room(large.size()).error().reason != Reason("usage_log.disk_full"))
        testing::wait_a_little();
    EXPECT_TRUE(writer->has_room(100)) << "what is left is used";
    EXPECT_FALSE(writer->failed());
    limit_file_size(RLIM_INFINITY);
    while (!writer->has_room(large.size())) testing::wait_a_little();
    EXPECT_FALSE(write(*writer, large));
    EXPECT_EQ(on_disk().size(), 3 * large.size());
}

TEST_F(LogWriterTest, AfterAFailedWriteNothingIsTakenAnyMore) {
    auto writer = start();
    EXPECT_FALSE(write(*writer, "one"));
    limit_file_size(8);
    const auto failed = write(*writer, "two");
    limit_file_size(RLIM_INFINITY);
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->reason, Reason("usage_log.write_failed"));
    EXPECT_EQ(writer->failed()->reason, Reason("usage_log.write_failed"));
    EXPECT_EQ(write(*writer, "three")->reason, Reason("usage_log.write_failed"));
    EXPECT_EQ(writer->durable_sequence(), 1U);
    writer.reset();
    EXPECT_EQ(on_disk(), "one");
}

}  // namespace
}  // namespace turnpike
