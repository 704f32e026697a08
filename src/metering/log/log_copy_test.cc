#include "metering/log/log_copy.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "metering/log/files/log_directory.h"
#include "metering/log/log_testing.h"
#include "metering/log/requests_testing.h"
#include "metering/log/usage_log.h"
#include "metering/log/verification.h"

namespace turnpike {
namespace {

/// Long ids fill a segment soon: 8,000 events instead of 140,000.
const std::string kPadding(4'000, 'p');

/// Appends one request of 50 events and waits for the disk; while its next segment is not
/// allocated yet, the log asks to come back.
void append_round(UsageLog& log, const std::string& name) {
    std::vector<UsageEvent> events;
    for (int i = 0; i < 50; ++i)
        events.push_back({.source = "test",
                          .id = fmt::format("{}-{}-{}", name, i, kPadding),
                          .customer = CustomerId::trusted("cus_a"),
                          .meter_key = "api_calls",
                          .quantity = Quantity::whole(1),
                          .time = testing::kStart,
                          .latency_us = {}});
    const std::vector<UsageCount> counts{
        {std::make_shared<const UsageWindow>(testing::window("pv_1", 0)), Quantity::whole(1)}};
    std::vector<LoggedUse> uses;
    for (const UsageEvent& event : events) uses.push_back({event, counts, 1});
    std::promise<void> durable;
    const auto append = [&] {
        return log.append(uses, testing::kStart, [&](const auto&) { durable.set_value(); });
    };
    auto appended = append();
    for (; !appended && appended.error().reason == "usage_log.busy"; appended = append())
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_TRUE(appended) << appended.error().message;
    durable.get_future().wait();
}

Result<std::monostate> copy_into(const LogCopy& copy, const std::string& directory) {
    return copy.give([&](const std::string& name, const DurableFile& file, std::uint64_t bytes) {
        const std::filesystem::path path = std::filesystem::path(directory) / name;
        std::filesystem::create_directories(path.parent_path());
        std::string text(bytes, '\0');
        auto read = file.read_at(0, std::as_writable_bytes(std::span(text)));
        std::ofstream(path, std::ios::binary) << text;
        return read;
    });
}

/// While the log is appended to, its segments are finished and sealed, and its identities leave
/// memory, one copy after the other is made: each is right in itself, and has what was acknowledged
/// before it was begun.
TEST(LogCopy, OfALogInUseIsWholeAndHasWhatWasAcknowledgedBefore) {
    const testing::ScratchFolder folder;
    const auto log = UsageLog::open({folder.path(), testing::kSmallSegmentBytes, 2'000});
    ASSERT_TRUE(log);
    append_round(**log, "first");
    std::atomic<std::uint64_t> acknowledged = 50;
    const std::jthread sender([&](const std::stop_token& stop) {
        for (int round = 0; !stop.stop_requested(); ++round) {
            append_round(**log, std::to_string(round));
            acknowledged += 50;
        }
    });
    bool saw_sealed = false;
    for (int round = 0; round < 20 || !saw_sealed; ++round) {
        ASSERT_LT(round, 4'000) << "no segment was ever sealed";
        const std::uint64_t before = acknowledged;
        const auto copy = LogCopy::begin(folder.path());
        ASSERT_TRUE(copy) << copy.error().message;
        if (round % 10 != 0) continue;
        const testing::ScratchFolder copied;
        const auto given = copy_into(*copy, copied.path());
        ASSERT_TRUE(given) << given.error().message;
        std::string problems;
        const auto state = verify_usage_log(
            copied.path(), {.problem = [&](const auto& what) { problems += what + "\n"; },
                            .note = [](const auto&) {},
                            .progress = [](std::uint64_t, std::uint64_t) {}});
        ASSERT_EQ(problems, "");
        ASSERT_GE(state->events(), before);
        const auto segments = list_segments(segments_in(copied.path()));
        saw_sealed = segments->front().form == SegmentForm::Sealed;
    }
}

}  // namespace
}  // namespace turnpike
