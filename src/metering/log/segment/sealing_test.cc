#include "metering/log/segment/sealing.h"

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "metering/log/crash_testing.h"
#include "metering/log/log_testing.h"
#include "metering/log/requests_testing.h"
#include "metering/log/segment/sealed_segment.h"
#include "metering/log/segment/sealed_testing.h"
#include "metering/log/segment/segment_replay.h"

namespace turnpike {
namespace {

using testing::bytes_of;
using testing::finished_segment;
using testing::kMonth;
using testing::kStart;
using testing::overwrite;
using testing::Requests;
using testing::ScratchFolder;
using testing::window;

Result<std::string> records_in(const std::string& directory) {
    std::string all;
    const auto read = read_segments(*list_segments(directory), {},
                                    {.records = [&](std::uint64_t, std::string_view records) {
                                        all += records;
                                        return Result<std::monostate>();
                                    }});
    if (!read) return failure(read);
    return all;
}

std::set<std::string> files_in(const std::string& directory) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory))
        names.insert(entry.path().filename());
    return names;
}

Requests some_requests() {
    Requests requests;
    requests.send({"a", "b", "0192d3c4-8b1e-7cc3-9a00-0123456789ab"}, "cus_a", window("pv_1", 0));
    requests.name("cus_b");
    requests.send({"c"}, "cus_b", window("pv_1", 0), std::chrono::microseconds(-3));
    requests.send({"d", "e"}, "cus_a", window("pv_2", 1));
    requests.name("cus_c");
    return requests;
}

const std::set<std::string> kSealed = {"00000000000000000001.sealed", "00000000000000000006.log"};

TEST(Sealing, PutsASealedSegmentInTheLogsPlaceThatSaysTheSame) {
    const ScratchFolder folder;
    const auto requests = some_requests();
    const auto log = finished_segment(folder.path(), requests);
    ASSERT_TRUE(seal_segment(log, 6));
    EXPECT_EQ(files_in(folder.path()), kSealed);
    EXPECT_EQ(*records_in(folder.path()), requests.all());

    const auto segment = SealedSegment::open(folder.path() + "/00000000000000000001.sealed");
    ASSERT_TRUE(segment);
    ASSERT_EQ(segment->event_blocks().size(), 1U);
    const auto block = segment->read_events(segment->event_blocks().front());
    ASSERT_TRUE(block);
    std::vector<std::string_view> ids;
    for (const auto& event : block->events()) ids.push_back(event.record.id);
    // Counter 0 is cus_a's, 1 cus_b's.
    EXPECT_EQ(ids, (std::vector<std::string_view>{"a", "b", "0192d3c4-8b1e-7cc3-9a00-0123456789ab",
                                                  "d", "e", "c"}));
    EXPECT_EQ(block->events()[5].place, (LogPlace{2, 0}));
    EXPECT_EQ(block->events()[4].place, (LogPlace{3, 1}));
}

RC_GTEST_PROP(Sealing, KeepsAnyLogByteByByte, ()) {
    const ScratchFolder folder;
    Requests requests;
    const int count = *rc::gen::inRange(1, 40);
    for (int i = 0; i < count; ++i) {
        const std::string customer = *rc::gen::element<std::string>("cus_a", "cus_b", "cus_c");
        const int kind = *rc::gen::inRange(0, 10);
        if (kind == 0) {
            requests.name(fmt::format("cus_named_{}", i));
            continue;
        }
        if (kind == 1) {
            std::string empty;
            write_record(empty, ArrivalRecord{1'000U + static_cast<std::uint64_t>(i), kStart});
            write_record(empty, NameRecord{NameTable::Source, "nobody"});
            requests.add(empty);
            continue;
        }
        std::vector<std::string> ids;
        for (int id = *rc::gen::inRange(1, 5); id > 0; --id) ids.push_back(testing::any_event_id());
        const auto revision = *rc::gen::inRange<std::int64_t>(0, 4);
        if (*rc::gen::inRange(0, 3) == 0) {
            requests.send_wide(ids, customer, window("pv_1", 0));
            continue;
        }
        requests.send(ids, customer, window(fmt::format("pv_{}", revision), revision),
                      std::chrono::microseconds(*rc::gen::inRange(-5'000, 5'000)));
    }
    const auto log = finished_segment(folder.path(), requests);
    const std::uint64_t next = requests.payloads().size() + 1;
    if (next > 1) RC_ASSERT(seal_segment(log, next).has_value());
    RC_ASSERT(*records_in(folder.path()) == requests.all());
}

/// More rows than one block has, of more counters than one.
TEST(Sealing, BlocksAreSmallAndFoundByTheirCounters) {
    const ScratchFolder folder;
    Requests requests;
    constexpr int kCustomers = 50, kRounds = 60;
    for (int round = 0; round < kRounds; ++round)
        for (int customer = 0; customer < kCustomers; ++customer)
            requests.send({fmt::format("{}-{}", customer, round)}, fmt::format("cus_{}", customer),
                          window("pv_1", 0));
    const auto log = finished_segment(folder.path(), requests);
    ASSERT_TRUE(seal_segment(log, requests.payloads().size() + 1));
    EXPECT_EQ(*records_in(folder.path()), requests.all());
    const auto segment = SealedSegment::open(sealed_path(log));
    ASSERT_TRUE(segment);
    ASSERT_EQ(segment->event_blocks().size(), 3U);  // 3,000 events, 1,024 to a block
    std::size_t blocks_of_17 = 0;
    for (const auto& place : segment->event_blocks())
        blocks_of_17 += place.counter_first <= 17 && 17 <= place.counter_last ? 1 : 0;
    EXPECT_LE(blocks_of_17, 2U);
}

TEST(Sealing, ACrashBetweenAnyTwoStepsLeavesALogThatSaysTheSame) {
    const auto requests = some_requests();
    std::set<std::set<std::string>> seen;
    for (int stop = 1;; ++stop) {
        SCOPED_TRACE(stop);
        const ScratchFolder folder;
        const auto log = finished_segment(folder.path(), requests);
        const bool killed =
            testing::killed_at(stop, [&] { check(seal_segment(log, 6).has_value(), "it seals"); });
        seen.insert(files_in(folder.path()));
        ASSERT_EQ(*records_in(folder.path()), requests.all());
        // The next start goes on, whatever it finds.
        const auto first = list_segments(folder.path())->front();
        if (first.form == SegmentForm::Log) {
            ASSERT_TRUE(seal_segment(first, 6));
        }
        ASSERT_EQ(*records_in(folder.path()), requests.all());
        ASSERT_EQ(files_in(folder.path()), kSealed);
        if (!killed) break;
    }
    const std::string log = "00000000000000000001.log", next = "00000000000000000006.log",
                      sealed = "00000000000000000001.sealed";
    EXPECT_EQ(seen, (std::set<std::set<std::string>>{
                        {log, next}, {log, next, sealed + ".new"}, {log, next, sealed}, kSealed}));
}

TEST(Sealing, ASealedFileThatIsNotWhatTheLogSaysGoesAndTheLogStays) {
    const auto requests = some_requests();
    const ScratchFolder folder, other;
    const auto log = finished_segment(folder.path(), requests);
    Requests others;
    for (int i = 0; i < 5; ++i) others.send({std::to_string(i)}, "cus_a", window("pv_1", 0));
    const auto theirs = finished_segment(other.path(), others);
    ASSERT_TRUE(seal_segment(theirs, 6));
    std::filesystem::copy(sealed_path(theirs), sealed_path(log));
    const auto refused = seal_segment(log, 6);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().message.contains(sealed_path(log))) << refused.error().message;
    EXPECT_EQ(*records_in(folder.path()), requests.all());
    ASSERT_TRUE(seal_segment(log, 6)) << "the next try writes it anew";
    EXPECT_EQ(files_in(folder.path()), kSealed);
}

TEST(Sealing, ADamagedLogIsNotSealed) {
    const ScratchFolder folder;
    const auto log = finished_segment(folder.path(), some_requests());
    overwrite(log.path, kFrameHeadBytes + 3, "X");
    const auto refused = seal_segment(log, 6);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason("usage_log.damaged"));
    EXPECT_TRUE(refused.error().message.contains(log.path)) << refused.error().message;
    EXPECT_FALSE(std::filesystem::exists(sealed_path(log)));
}

TEST(Sealing, EveryDamagedByteOfASealedSegmentIsNoticedAndNamed) {
    const ScratchFolder folder;
    const auto log = finished_segment(folder.path(), some_requests());
    ASSERT_TRUE(seal_segment(log, 6));
    const std::string path = sealed_path(log);
    const std::string good = bytes_of(path);
    const auto expect_refused = [&] {
        const auto refused = records_in(folder.path());
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().reason, Reason("usage_log.damaged"));
        EXPECT_TRUE(refused.error().message.starts_with(path + " is damaged at byte "))
            << refused.error().message;
    };
    for (std::size_t at = 0; at < good.size(); ++at) {
        SCOPED_TRACE(at);
        overwrite(path, at, std::string(1, static_cast<char>(good[at] ^ 0x40)));
        expect_refused();
        overwrite(path, at, good.substr(at, 1));
    }
    ASSERT_TRUE(records_in(folder.path()));
    for (std::size_t size = 0; size < good.size(); size += 13) {
        SCOPED_TRACE(fmt::format("cut at {}", size));
        std::filesystem::resize_file(path, size);
        expect_refused();
        std::ofstream(path, std::ios::binary) << good;
    }
    std::ofstream(path, std::ios::binary) << good << "x";
    expect_refused();
}

TEST(Sealing, ASealedSegmentWithoutTheOneBehindItIsRefused) {
    const ScratchFolder folder;
    const auto log = finished_segment(folder.path(), some_requests());
    ASSERT_TRUE(seal_segment(log, 6));
    std::filesystem::remove(folder.path() + "/00000000000000000006.log");
    const auto refused = records_in(folder.path());
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().message.contains("ends before frame 6")) << refused.error().message;
}

}  // namespace
}  // namespace turnpike
