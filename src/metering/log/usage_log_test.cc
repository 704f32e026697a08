#include "metering/log/usage_log.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "metering/log/files/log_directory.h"
#include "metering/log/log_testing.h"
#include "metering/log/segment/segment_file.h"
#include "metering/log/state/usage_snapshot.h"
#include "metering/window_calendar.h"

namespace turnpike {
namespace {

using testing::overwrite;
using testing::ScratchFolder;

const Instant kStart = from_unix_seconds(1'725'148'800);
const Period kMonth{kStart, from_unix_seconds(1'727'740'800)};
const std::size_t kSegmentBytes = frame_bytes(kFramePayloadMax) + 4096;

using Verdicts = std::vector<LogVerdict>;
constexpr auto kAccepted = LogVerdict::Accepted;

/// An event and what it counts, to be logged.
struct Sent {
    UsageEvent event;
    std::vector<UsageCount> counts;
    std::uint32_t content;
};

Sent calls(const std::string& id, std::int64_t units, std::optional<std::int64_t> included = {},
           const std::string& customer = "cus_a") {
    std::optional<UnitPrice> price;
    if (!included) price = UnitPrice::parse("0.02");
    return {{.source = "test",
             .id = id,
             .customer = CustomerId::trusted(customer),
             .meter_key = "api_calls",
             .quantity = Quantity::whole(units),
             .time = kStart,
             .latency_us = {}},
            {{std::make_shared<const UsageWindow>(
                  UsageWindow{.contract = std::nullopt,
                              .meter_key = "api_calls",
                              .period = kMonth,
                              .plan_version = PlanVersionId::trusted("pv_1"),
                              .included = Quantity::whole(included.value_or(10)),
                              .overage_unit_price = price}),
              Quantity::whole(units)}},
            static_cast<std::uint32_t>(units)};
}

std::unique_ptr<UsageLog> open_log(const std::string& directory) {
    auto log = UsageLog::open({directory, kSegmentBytes, 1'000});
    EXPECT_TRUE(log) << log.error().message;
    return log ? *std::move(log) : nullptr;
}

/// Appends and waits for the disk.
Result<Verdicts> append(UsageLog& log, const std::vector<Sent>& sent) {
    std::vector<LoggedUse> uses;
    for (const Sent& one : sent) uses.push_back({one.event, one.counts, one.content});
    std::promise<std::optional<Error>> durable;
    auto verdicts = log.append(
        uses, kStart, [&](const std::optional<Error>& failed) { durable.set_value(failed); });
    if (!verdicts) return verdicts;
    if (const auto failed = durable.get_future().get()) return std::unexpected(*failed);
    return verdicts;
}

std::int64_t used(const UsageLog& log, const std::string& customer = "cus_a") {
    const auto counter = log.counter({customer, ""}, "api_calls", kStart);
    return counter ? counter->used.scaled() / Quantity::kOne : -1;
}

TEST(UsageLog, ShowsCountersWhenTheyAreDurable) {
    const ScratchFolder folder;
    const auto log = open_log(folder.path());
    const Sent one = calls("a", 2), other = calls("b", 3, {}, "cus_b");
    std::atomic<bool> is_durable = false;
    for (const Sent* sent : {&one, &other}) {
        const LoggedUse use{sent->event, sent->counts, sent->content};
        is_durable = false;
        ASSERT_TRUE(log->append(std::span(&use, 1), kStart,
                                [&](const std::optional<Error>&) { is_durable = true; }));
    }
    // Numbered in the order of their first use.
    const std::uint32_t numbers[] = {1, 0};
    const auto counters = log->durable_counters(numbers);
    EXPECT_TRUE(is_durable);
    ASSERT_TRUE(counters) << counters.error().message;
    ASSERT_EQ(counters->size(), 2U);
    EXPECT_EQ(counters->at(0).customer.text(), "cus_b");
    EXPECT_EQ(counters->at(0).counter.used, Quantity::whole(3));
    EXPECT_EQ(counters->at(1).customer.text(), "cus_a");
    EXPECT_EQ(counters->at(1).counter.used, Quantity::whole(2));
}

std::string only_segment(const std::string& directory) {
    const auto segments = list_segments(segments_in(directory));
    EXPECT_EQ(segments->size(), 1U);
    return segments->front().path;
}

TEST(UsageLog, CountsEachEventOnceOverARestartToo) {
    const ScratchFolder folder;
    auto log = open_log(folder.path());
    EXPECT_EQ(*append(*log, {calls("a", 2), calls("b", 3)}), (Verdicts{kAccepted, kAccepted}));
    EXPECT_EQ(*append(*log, {calls("a", 2), calls("b", 4), calls("c", 1)}),
              (Verdicts{LogVerdict::Duplicate, LogVerdict::Conflict, kAccepted}));
    EXPECT_EQ(used(*log), 6);
    log.reset();
    log = open_log(folder.path());
    EXPECT_EQ(used(*log), 6);
    EXPECT_EQ(log->events(), 3U);
    EXPECT_EQ(*append(*log, {calls("a", 2), calls("b", 4), calls("d", 1)}),
              (Verdicts{LogVerdict::Duplicate, LogVerdict::Conflict, kAccepted}));
    log.reset();
    EXPECT_EQ(used(*open_log(folder.path())), 7);
}

TEST(UsageLog, StopsAtAHardLimitAndADenialLeavesNoTrace) {
    const ScratchFolder folder;
    auto log = open_log(folder.path());
    EXPECT_EQ(*append(*log, {calls("a", 99, 100), calls("b", 2, 100), calls("c", 1, 100)}),
              (Verdicts{kAccepted, LogVerdict::LimitExceeded, kAccepted}));
    EXPECT_EQ(*append(*log, {calls("b", 0, 100)}), Verdicts{kAccepted}) << "its name is free";
    log.reset();
    log = open_log(folder.path());
    EXPECT_EQ(used(*log), 100);
    EXPECT_EQ(*append(*log, {calls("d", 1, 100)}), Verdicts{LogVerdict::LimitExceeded});
}

TEST(UsageLog, SaysWhenWhatWasDecidedIsDurable) {
    const ScratchFolder folder;
    auto log = open_log(folder.path());
    const auto wait = [&] {
        std::promise<std::optional<Error>> durable;
        log->when_durable([&](const std::optional<Error>& failed) { durable.set_value(failed); });
        return durable.get_future().get();
    };
    EXPECT_FALSE(wait()) << "nothing is under way";
    const Sent sent = calls("a", 5);
    const LoggedUse use{sent.event, sent.counts, sent.content};
    EXPECT_TRUE(log->append({&use, 1}, kStart, [](const std::optional<Error>&) {}));
    EXPECT_FALSE(wait());
    EventQuery query{.customer = "cus_a",
                     .meter_key = {},
                     .since = kStart,
                     .until = kMonth.end,
                     .before = {},
                     .count_max = 10};
    EXPECT_EQ(log->newest_events(query)->size(), 1U) << "only durable events are listed";
}

TEST(UsageLog, ATornTailIsCutAndDamageIsRefused) {
    const ScratchFolder folder;
    auto log = open_log(folder.path());
    for (const char* id : {"a", "b", "c"}) append(*log, {calls(id, 1)}).value();
    log.reset();
    const std::string segment = only_segment(folder.path());
    const std::string bytes = testing::bytes_of(segment);
    std::vector<std::size_t> frames{0};
    while (read_frame(std::string_view(bytes).substr(frames.back())).state ==
           FrameRead::State::Frame)
        frames.push_back(frames.back() +
                         read_frame(std::string_view(bytes).substr(frames.back())).size);
    ASSERT_EQ(frames.size(), 4U);

    overwrite(segment, frames[2] + kFrameHeadBytes, "X");
    log = open_log(folder.path());
    EXPECT_EQ(used(*log), 2);
    EXPECT_EQ(*append(*log, {calls("c", 1)}), Verdicts{kAccepted}) << "nobody was told of it";
    log.reset();
    overwrite(segment, frames[1] + kFrameHeadBytes, "X");
    const auto refused = UsageLog::open({folder.path(), kSegmentBytes, 1'000});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason("usage_log.damaged"));
    EXPECT_NE(refused.error().message.find(segment), std::string::npos);
    EXPECT_NE(refused.error().message.find(std::to_string(frames[1])), std::string::npos);
}

TEST(UsageLog, AMissingSegmentIsRefused) {
    const ScratchFolder folder;
    append(*open_log(folder.path()), {calls("a", 1)}).value();
    const std::string segment = only_segment(folder.path());
    std::filesystem::rename(segment, segments_in(folder.path()) + "/" + segment_name(2));
    const auto refused = UsageLog::open({folder.path(), kSegmentBytes, 1'000});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reason, Reason("usage_log.damaged"));
}

TEST(UsageLog, ThreadsThatRaceForTheLast50UnitsGetExactly50) {
    constexpr int kThreads = 8, kEach = 16;
    const ScratchFolder folder;
    const auto log = open_log(folder.path());
    EXPECT_EQ(*append(*log, {calls("first", 50, 100)}), Verdicts{kAccepted});
    std::atomic<int> granted = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < kEach; ++i) {
                const auto id = std::to_string(t) + "-" + std::to_string(i);
                granted += append(*log, {calls(id, 1, 100)})->front() == kAccepted ? 1 : 0;
            }
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(granted, 50);
    EXPECT_EQ(used(*log), 100);
}

/// Long ids fill a segment soon: 8,000 events instead of 140,000.
const std::string kPadding(4'000, 'p');

/// Two segments' worth of events, so that the first one is finished.
void fill_a_segment(UsageLog& log, const ScratchFolder& folder, std::string_view round) {
    const auto finished = [&] { return list_segments(segments_in(folder.path()))->size() > 1; };
    for (int batch = 0; !finished(); ++batch) {
        std::vector<Sent> sent;
        for (int i = 0; i < 500; ++i)
            sent.push_back(calls(fmt::format("{}-{}-{}-{}", round, batch, i, kPadding), 1));
        ASSERT_EQ(*append(log, sent), Verdicts(500, kAccepted));
    }
}

/// Until the finished segment is sealed, and the snapshots know everything before the next one.
void wait_until_sealed(const ScratchFolder& folder) {
    for (;; testing::wait_a_little()) {
        const auto segments = list_segments(segments_in(folder.path()));
        if (segments->front().form != SegmentForm::Sealed) continue;
        const auto identities =
            newest_snapshot(snapshots_in(folder.path()), SnapshotKind::Identities);
        if (*identities && (*identities)->next_sequence >= segments->back().first_sequence) return;
    }
}

TEST(UsageLog, AStartReadsSnapshotsAndOnlyTheSegmentsAfterThem) {
    const ScratchFolder folder;
    auto log = open_log(folder.path());
    fill_a_segment(*log, folder, "a");
    const auto before = used(*log);
    wait_until_sealed(folder);
    EXPECT_EQ(*append(*log, {calls("last", 1)}), Verdicts{kAccepted});
    log.reset();

    // What the snapshots say is not read again: a byte of it may even be damaged.
    const auto segments = list_segments(segments_in(folder.path()));
    overwrite(segments->front().path, 1'000, "X");
    log = open_log(folder.path());
    EXPECT_EQ(used(*log), before + 1);
    EXPECT_EQ(log->events(), static_cast<std::uint64_t>(before) + 1);
    EXPECT_EQ(*append(*log, {calls("a-0-0-" + kPadding, 1), calls("last", 1), calls("new", 1)}),
              (Verdicts{LogVerdict::Duplicate, LogVerdict::Duplicate, kAccepted}));
    log.reset();

    // A snapshot without the facts that it counts is refused, and so is a damaged one.
    const auto newest = newest_snapshot(snapshots_in(folder.path()));
    overwrite((*newest)->path, 40, "X");
    EXPECT_EQ(UsageLog::open({folder.path(), kSegmentBytes, 1'000}).error().reason,
              Reason("usage_log.damaged"));
}

std::string first_event_of_round(std::string_view round) {
    return fmt::format("{}-0-0-{}", round, kPadding);
}

TEST(UsageLog, AStartWithoutSnapshotsReadsSealedSegmentsAndEndsInTheSameState) {
    const ScratchFolder folder;
    auto log = open_log(folder.path());
    EXPECT_EQ(*append(*log, {calls("limited", 60, 100, "cus_b")}), Verdicts{kAccepted});
    fill_a_segment(*log, folder, "a");
    wait_until_sealed(folder);
    const auto before = used(*log);
    const auto events = log->events();
    log.reset();
    for (const auto& part : {snapshots_in(folder.path()), identities_in(folder.path())})
        std::filesystem::remove_all(part);

    log = open_log(folder.path());
    EXPECT_EQ(used(*log), before);
    EXPECT_EQ(used(*log, "cus_b"), 60);
    EXPECT_EQ(log->events(), events);
    EXPECT_EQ(
        *append(*log, {calls(first_event_of_round("a"), 1), calls("limited", 60, 100, "cus_b"),
                       calls("limited", 61, 100, "cus_b"), calls("more", 41, 100, "cus_b")}),
        (Verdicts{LogVerdict::Duplicate, LogVerdict::Duplicate, LogVerdict::Conflict,
                  LogVerdict::LimitExceeded}));
}

/// All that a start has to look up in the log is known again: in sealed segments, which several
/// threads read, and behind them.
TEST(UsageLog, AStartRemembersIdentitiesThatNoFileOfTheirsHolds) {
    constexpr std::size_t kMoreThanThereAre = 1'000'000;
    const ScratchFolder folder;
    const auto open = [&] {
        return UsageLog::open({folder.path(), kSegmentBytes, kMoreThanThereAre});
    };
    auto log = *open();
    std::vector<Sent> sent;
    const auto send = [&](std::string source) {
        std::vector<Sent> batch;
        for (int i = 0; i < 500; ++i) {
            batch.push_back(calls(fmt::format("{}-{}", sent.size() + batch.size(), kPadding), 1));
            batch.back().event.source = source;
        }
        const auto verdicts = append(*log, batch);
        ASSERT_TRUE(verdicts) << verdicts.error().message;
        ASSERT_EQ(*verdicts, Verdicts(500, kAccepted));
        sent.insert(sent.end(), batch.begin(), batch.end());
    };
    const auto segments = [&] { return *list_segments(folder.path() + "/segments"); };
    while (segments().size() < 3) send(fmt::format("source-{}", sent.size() / 2'000));
    while (std::ranges::count(segments(), SegmentForm::Sealed, &SegmentPlace::form) < 2)
        testing::wait_a_little();
    send("first named behind all of them");
    log.reset();

    log = *open();
    EXPECT_TRUE(std::filesystem::is_empty(folder.path() + "/identities"));
    // One of each request, or two.
    for (std::size_t i = 0; i < sent.size(); i += 499)
        EXPECT_EQ(*append(*log, {sent[i]}), Verdicts{LogVerdict::Duplicate}) << i;
    EXPECT_EQ(used(*log), static_cast<std::int64_t>(sent.size()));
}

/// Every event of the customer, by pages, newest first.
std::vector<std::string> listed(const UsageLog& log, const std::string& customer) {
    std::vector<std::string> ids;
    EventQuery query{.customer = customer,
                     .meter_key = {},
                     .since = kStart,
                     .until = kMonth.end,
                     .before = {},
                     .count_max = 3};
    for (;;) {
        const auto page = log.newest_events(query);
        EXPECT_TRUE(page);
        if (!page || page->empty()) return ids;
        for (const auto& event : *page) ids.push_back(event.event.id);
        query.before = page->back().place;
    }
}

TEST(UsageLog, ListsEventsOfSealedSegmentsInTheirPlaces) {
    const ScratchFolder folder;
    const auto log = open_log(folder.path());
    std::vector<std::string> sent;
    const auto send = [&](const std::string& id) {
        EXPECT_EQ(*append(*log, {calls("of-another-" + id, 1), calls(id, 1, {}, "cus_b")}),
                  Verdicts(2, kAccepted));
        sent.insert(sent.begin(), id);
    };
    for (const char* id : {"1", "2", "3", "4"}) send(id);
    fill_a_segment(*log, folder, "a");
    wait_until_sealed(folder);
    EXPECT_EQ(listed(*log, "cus_b"), sent);
    for (const char* id : {"5", "6"}) send(id);
    EXPECT_EQ(listed(*log, "cus_b"), sent);
    EXPECT_TRUE(listed(*log, "cus_nobody").empty());
}

TEST(UsageLog, ASnapshotWithoutItsLogIsRefused) {
    const ScratchFolder folder;
    auto log = open_log(folder.path());
    fill_a_segment(*log, folder, "a");
    while (!*newest_snapshot(snapshots_in(folder.path()))) testing::wait_a_little();
    log.reset();
    for (const auto& segment : *list_segments(segments_in(folder.path())))
        std::filesystem::remove(segment.path);
    EXPECT_EQ(UsageLog::open({folder.path(), kSegmentBytes, 1'000}).error().reason,
              Reason("usage_log.damaged"));
}

TEST(UsageLog, AFinishedSegmentThatCannotBeReadIsRefused) {
    const ScratchFolder folder;
    for (const auto& part : {segments_in(folder.path()), snapshots_in(folder.path())})
        std::filesystem::create_directory(part);
    const std::string unknown = "\x63";  // a kind of record that no program has written
    std::ofstream(segments_in(folder.path()) + "/" + segment_name(1))
        << testing::sealed(1, unknown);
    ASSERT_TRUE(save_snapshot(UsageState(), snapshots_in(folder.path()), 2));
    const auto log = UsageLog::open({folder.path(), kSegmentBytes, 1'000});
    ASSERT_FALSE(log) << "the identities of its events are not known";
    EXPECT_EQ(log.error().reason, Reason("usage_log.damaged"));
}

/// Calls, of different users each day, and of the last hour; at most two users a day.
Sent wide(const std::string& id, std::uint64_t user, Instant time = kStart) {
    Sent sent = calls(id, 1, {}, "cus_b");
    UsageWindow users = *sent.counts.front().window, lately = users;
    users.meter_key = "users";
    users.aggregation = Meter::Aggregation::Unique;
    users.reset = {Reset::Kind::Day};
    users.period = window_at(users.reset, kMonth, time);
    users.included = Quantity::whole(2);
    users.overage_unit_price.reset();
    lately.reset = {Reset::Kind::Rolling, 1};
    lately.period = window_at(lately.reset, kMonth, time);
    const Quantity one = Quantity::whole(1);
    sent.counts.push_back({std::make_shared<const UsageWindow>(users), one, user});
    sent.counts.push_back({std::make_shared<const UsageWindow>(lately), one});
    sent.event.time = time;
    sent.event.properties = R"({"region":"eu"})";
    return sent;
}

/// "meter reset used" of each.
std::vector<std::string> shown(const UsageLog& log, Instant now) {
    std::vector<std::string> all;
    for (const Counter& counter : log.counters_at({"cus_b", ""}, kStart, now))
        all.push_back(fmt::format("{} {} {}", counter.meter_key, to_text(counter.reset),
                                  counter.used.text()));
    return all;
}

TEST(UsageLog, AnEventCountsInAllOfItsWindowsOrInNoneOverARestartToo) {
    const std::vector<std::string> expected = {"api_calls billing_period 4",
                                               "api_calls rolling_1h 4", "users day 2"};
    const ScratchFolder folder;
    auto log = open_log(folder.path());
    EXPECT_EQ(*append(*log, {wide("a", 7), wide("b", 7), wide("c", 8), wide("d", 9), wide("e", 8)}),
              (Verdicts{kAccepted, kAccepted, kAccepted, LogVerdict::LimitExceeded, kAccepted}));
    EXPECT_EQ(shown(*log, kStart), expected);
    fill_a_segment(*log, folder, "a");
    wait_until_sealed(folder);
    for (const bool has_snapshots : {true, false}) {
        SCOPED_TRACE(has_snapshots);
        log.reset();
        if (!has_snapshots) std::filesystem::remove_all(snapshots_in(folder.path()));
        if (!has_snapshots) std::filesystem::remove_all(identities_in(folder.path()));
        log = open_log(folder.path());
        EXPECT_EQ(shown(*log, kStart), expected);
        EXPECT_EQ(*append(*log, {wide("d", 9), wide("c", 8)}),
                  (Verdicts{LogVerdict::LimitExceeded, LogVerdict::Duplicate}));
    }
    const Instant next_day = kStart + std::chrono::hours(24);
    EXPECT_EQ(shown(*log, next_day),
              (std::vector<std::string>{"api_calls billing_period 4", "api_calls rolling_1h 0"}));
    EXPECT_EQ(*append(*log, {wide("f", 9, next_day)}), Verdicts{kAccepted});
    EXPECT_EQ(shown(*log, next_day),
              (std::vector<std::string>{"api_calls billing_period 5", "api_calls rolling_1h 1",
                                        "users day 1"}));
}

TEST(UsageLog, ListsWhatAnEventDid) {
    const ScratchFolder folder;
    const auto log = open_log(folder.path());
    EXPECT_EQ(*append(*log, {wide("a", 7), calls("b", 1, {}, "cus_b")}), Verdicts(2, kAccepted));
    const auto of_users = [&] {
        return *log->newest_events({.customer = "cus_b",
                                    .meter_key = "users",
                                    .since = kStart,
                                    .until = kMonth.end,
                                    .before = {},
                                    .count_max = 10});
    };
    for (const auto form : {SegmentForm::Log, SegmentForm::Sealed}) {
        if (form == SegmentForm::Sealed) fill_a_segment(*log, folder, "a");
        if (form == SegmentForm::Sealed) wait_until_sealed(folder);
        const auto found = of_users();
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found[0].event.id, "a");
        EXPECT_EQ(found[0].event.properties, R"({"region":"eu"})");
        ASSERT_EQ(found[0].counts.size(), 3U);
        EXPECT_EQ(found[0].counts[1].meter_key, "users");
        EXPECT_EQ(to_text(found[0].counts[1].reset), "day");
        EXPECT_EQ(found[0].counts[1].window_start, kStart);
        EXPECT_EQ(found[0].counts[2].value, Quantity::whole(1));
    }
}

/// More identities than memory may hold become files, and are asked all the same.
TEST(UsageLog, RemembersIdentitiesThatLeftMemory) {
    constexpr int kEvents = 4'000;
    const ScratchFolder folder;
    const auto batch = [](int from) {
        std::vector<Sent> sent;
        for (int i = from; i < from + 1'000; ++i) sent.push_back(calls(std::to_string(i), 1));
        return sent;
    };
    auto log = open_log(folder.path());
    for (int from = 0; from + 1'000 < kEvents; from += 1'000)
        EXPECT_EQ(*append(*log, batch(from)), Verdicts(1'000, kAccepted));
    // A start counts the events before this snapshot's place, and remembers those after it.
    for (bool is_saved = false; !is_saved; testing::wait_a_little()) {
        const auto snapshot =
            newest_snapshot(snapshots_in(folder.path()), SnapshotKind::Identities);
        is_saved = *snapshot && (*snapshot)->next_sequence > 1;
    }
    EXPECT_EQ(*append(*log, batch(kEvents - 1'000)), Verdicts(1'000, kAccepted));
    for (int restarts = 0; restarts < 2; ++restarts) {
        for (int from = 0; from < kEvents; from += 1'000)
            EXPECT_EQ(*append(*log, batch(from)), Verdicts(1'000, LogVerdict::Duplicate));
        EXPECT_EQ(used(*log), kEvents);
        log.reset();
        log = open_log(folder.path());
    }
}

/// Appends until it is killed, and writes the id of each event that was acknowledged to `journal`.
[[noreturn]] void append_until_killed(const std::string& directory, int journal, int round) {
    auto log = UsageLog::open({directory, kSegmentBytes, 1'000});
    if (!log) ::_exit(1);
    for (int i = 0;; ++i) {
        const std::int64_t number = round * 1'000'000 + i;
        const auto verdicts = append(**log, {calls(std::to_string(number), 1)});
        if (!verdicts || verdicts->front() != kAccepted) ::_exit(1);
        if (::write(journal, &number, sizeof number) != sizeof number) ::_exit(1);
    }
}

TEST(UsageLog, NothingThatWasAcknowledgedIsLostWhenTheProcessIsKilled) {
    const ScratchFolder folder;
    std::vector<Sent> acknowledged;
    for (int round = 0; round < 5; ++round) {
        std::array<int, 2> journal{};
        ASSERT_EQ(::pipe(journal.data()), 0);
        const pid_t child = ::fork();
        if (child == 0) append_until_killed(folder.path(), journal[1], round);
        ::close(journal[1]);
        std::int64_t number = 0;
        for (int heard = 0; ::read(journal[0], &number, sizeof number) == sizeof number;) {
            acknowledged.push_back(calls(std::to_string(number), 1));
            if (++heard == 20 + 7 * round) ::kill(child, SIGKILL);
        }
        ::close(journal[0]);
        int status = 0;
        ::waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself";
    }
    const auto log = open_log(folder.path());
    EXPECT_EQ(*append(*log, acknowledged), Verdicts(acknowledged.size(), LogVerdict::Duplicate));
    // Some may be on disk that nobody heard of; each round's last at most.
    EXPECT_GE(used(*log), static_cast<std::int64_t>(acknowledged.size()));
    EXPECT_LE(used(*log), static_cast<std::int64_t>(acknowledged.size()) + 5);
}

}  // namespace
}  // namespace turnpike
