// The recorder against a server that loses requests and answers, with a clock that stands still.
#include "turnpike/client/recorder.h"

#include <map>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "manual_clock.h"
#include "misbehaving_server.h"
#include "small_turnpike.h"

namespace turnpike::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = MisbehavingServer::Fault::Kind;

constexpr milliseconds kLong = std::chrono::hours(1);

Event use(const std::string& id = {}, const std::string& meter = "api_calls") {
    return {.customer = "acme", .meter = meter, .id = id};
}

class RecorderTest : public testing::Test {
protected:
    /// A recorder of batches of `batch_max`.
    Recorder& start(std::size_t batch_max, std::size_t queue_max = 100) {
        RecorderOptions options;
        options.on_verdict = [this](const Event& event, const Verdict& verdict) {
            const std::lock_guard lock(mutex_);
            EXPECT_TRUE(verdicts_.emplace(event.id, verdict).second) << "two verdicts " << event.id;
            judged_.notify_all();
        };
        options.batch_max = batch_max;
        options.queue_max = queue_max;
        options.backoff = {milliseconds(200), milliseconds(30'000)};
        auto made = Recorder::create(client(), options);
        return recorder_.emplace(*std::move(made));
    }
    Client& client(milliseconds request_timeout = seconds(10)) {
        if (!client_)
            client_.emplace(*Client::create({.url = server_.url(),
                                             .token = "tp_test_secret",
                                             .request_timeout = request_timeout,
                                             .clock = &clock_}));
        return *client_;
    }
    /// Hands over events of one unit; their ids.
    std::set<std::string> record(int count) {
        std::set<std::string> ids;
        for (int i = 0; i < count; ++i) ids.insert(*recorder_->record(use()));
        EXPECT_EQ(ids.size(), static_cast<std::size_t>(count));
        return ids;
    }
    /// All verdicts, once there are `count`.
    std::map<std::string, Verdict> verdicts(std::size_t count) {
        std::unique_lock lock(mutex_);
        judged_.wait_for(lock, seconds(10), [&] { return verdicts_.size() >= count; });
        EXPECT_EQ(verdicts_.size(), count);
        return verdicts_;
    }
    std::set<std::string> ids_sent(std::size_t request) {
        const auto requests = server_.requests(request + 1);
        if (requests.size() <= request) return {};
        const auto ids = each_event(requests[request], "id");
        return {ids.begin(), ids.end()};
    }
    /// Lets the pause of the recorder pass that begins after request number `request`, and says how
    /// long it was.
    milliseconds pass_pause(std::size_t request) {
        server_.requests(request + 1);
        const auto wait = clock_.next_wait();
        EXPECT_TRUE(wait);
        clock_.advance(wait.value_or(milliseconds(0)));
        return wait.value_or(milliseconds(0));
    }

    ManualClock clock_;
    SmallTurnpike turnpike_;
    MisbehavingServer server_{std::ref(turnpike_)};
    std::mutex mutex_;
    std::condition_variable judged_;
    std::map<std::string, Verdict> verdicts_;
    std::optional<Client> client_;
    std::optional<Recorder> recorder_;
};

TEST_F(RecorderTest, SendsOneBatchWhenTheOldestHasWaited) {
    start(10);
    const auto ids = record(3);
    EXPECT_EQ(clock_.next_wait(), milliseconds(1'000));
    clock_.advance(milliseconds(1'000));
    EXPECT_EQ(ids_sent(0), ids);
    for (const auto& [id, verdict] : verdicts(3)) EXPECT_EQ(verdict.kind, VerdictKind::Accepted);
    const auto request = server_.requests(1)[0];
    EXPECT_EQ(request.headers.at("authorization"), "Bearer tp_test_secret");
    // Where the manual clock begins.
    EXPECT_EQ(each_event(request, "time").at(0), "2024-09-15T00:00:00Z");
    EXPECT_EQ(each_event(request, "source").at(0), "turnpike-client");
    EXPECT_EQ(each_event(request, "quantity").at(0), "1");
}

TEST_F(RecorderTest, SendsAFullBatchAtOnce) {
    start(3);
    record(7);
    verdicts(6);
    EXPECT_EQ(ids_sent(0).size(), 3U);
    EXPECT_EQ(ids_sent(1).size(), 3U);
    recorder_->flush(kLong);
    EXPECT_EQ(ids_sent(2).size(), 1U);
    verdicts(7);
}

TEST_F(RecorderTest, SendsTheSameIdsUntilThereIsAnAnswer) {
    server_.fail_next({{Kind::LoseRequest},
                       {Kind::LoseAnswer},
                       {Kind::CutAnswer},
                       {Kind::Answer, problem(500, "internal")},
                       {Kind::Answer, {200, "<html>a proxy's page</html>", {}, "text/html"}}});
    start(4);
    const auto ids = record(4);
    milliseconds most(200);
    for (std::size_t request = 0; request < 5; ++request, most *= 2)
        EXPECT_LE(pass_pause(request), most);
    for (const auto& [id, verdict] : verdicts(4)) {
        EXPECT_TRUE(verdict.is_counted());
        EXPECT_EQ(verdict.kind, VerdictKind::Duplicate) << "the second request counted it";
        EXPECT_EQ(verdict.attempts, 6);
    }
    for (std::size_t request = 0; request < 6; ++request) EXPECT_EQ(ids_sent(request), ids);
    EXPECT_EQ(turnpike_.counted(), 4U);
}

TEST_F(RecorderTest, TriesAgainAfterATimeOut) {
    client(milliseconds(50));
    server_.fail_next({{Kind::Silence}});
    start(2);
    record(2);
    pass_pause(0);
    for (const auto& [id, verdict] : verdicts(2)) EXPECT_EQ(verdict.kind, VerdictKind::Duplicate);
    EXPECT_EQ(turnpike_.counted(), 2U);
}

TEST_F(RecorderTest, ComesBackWhenTheServerWantsIt) {
    std::size_t requests = 0;
    for (const int status : {429, 503}) {
        server_.fail_next({{Kind::Answer, problem(status, "busy", "Retry-After: 7\r\n")}});
        start(2);
        record(2);
        const auto wait = pass_pause(requests);
        requests += 2;
        EXPECT_GE(wait, seconds(7));
        EXPECT_LE(wait, seconds(7) + milliseconds(200));
        recorder_->close(kLong);
    }
    verdicts(4);
    EXPECT_EQ(turnpike_.counted(), 4U);
}

TEST_F(RecorderTest, HandsEachVerdictBack) {
    start(4);
    for (const char* meter : {"api_calls", "unknown_meter", "limit_exceeded", "conflict"})
        EXPECT_TRUE(recorder_->record(use(meter, meter)));
    auto judged = verdicts(4);
    EXPECT_EQ(judged["api_calls"].kind, VerdictKind::Accepted);
    EXPECT_EQ(judged["unknown_meter"].kind, VerdictKind::Rejected);
    EXPECT_EQ(judged["unknown_meter"].code, "unknown_meter");
    EXPECT_EQ(judged["limit_exceeded"].code, "limit_exceeded");
    EXPECT_FALSE(judged["limit_exceeded"].is_counted());
    EXPECT_EQ(judged["conflict"].kind, VerdictKind::Conflict);
    EXPECT_EQ(judged["conflict"].detail, "no");
}

TEST_F(RecorderTest, RefusesWhatItCannotHold) {
    server_.fail_next({{Kind::Answer, problem(503, "busy")}});
    start(3, 3);
    record(3);
    const auto full = recorder_->record(use());
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().kind, ErrorKind::QueueFull);
    EXPECT_EQ(full.error().code, "client.queue_full");
    pass_pause(0);
    EXPECT_TRUE(recorder_->record(use(), kLong)) << "it waits for room";
}

TEST_F(RecorderTest, RefusesWhatTheServerCouldNotRead) {
    start(10);
    for (const Event& bad :
         {Event{.customer = "", .meter = "m"}, Event{.customer = "a\n", .meter = "m"},
          Event{.customer = std::string(256, 'a'), .meter = "m"},
          Event{.customer = "\xff", .meter = "m"},
          Event{.customer = "a", .meter = "m", .quantity = ""}}) {
        const auto refused = recorder_->record(bad);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, "client.invalid_event");
    }
}

TEST_F(RecorderTest, HandsBackABatchThatIsRefusedAsAWhole) {
    server_.fail_next({{Kind::Answer, problem(401, "access.key_invalid")}});
    start(2);
    record(2);
    for (const auto& [id, verdict] : verdicts(2)) {
        EXPECT_EQ(verdict.kind, VerdictKind::Unconfirmed);
        EXPECT_EQ(verdict.error->kind, ErrorKind::Refused);
        EXPECT_EQ(verdict.error->problem->code, "access.key_invalid");
        EXPECT_EQ(verdict.error->problem->request_id, "req_1");
    }
    record(2);
    verdicts(4);
}

TEST_F(RecorderTest, SaysAtTheDeadlineWhatIsUnconfirmedAndKeepsTrying) {
    server_.fail_next({{Kind::Answer, problem(503, "ledger.unavailable", "Retry-After: 60\r\n")}});
    start(2);
    record(2);
    server_.requests(1);
    ASSERT_TRUE(clock_.next_wait());  // the pause
    const auto report = recorder_->flush(milliseconds(0));
    EXPECT_EQ(report.unconfirmed.size(), 2U);
    EXPECT_FALSE(report.is_complete());
    EXPECT_EQ(report.last_error->code, "ledger.unavailable");
    clock_.advance(seconds(61));
    EXPECT_TRUE(recorder_->flush(kLong).is_complete());
    EXPECT_EQ(turnpike_.counted(), 2U);
}

TEST_F(RecorderTest, ClosesAtTheDeadlineWithAnAnswerOutstanding) {
    server_.fail_next({{Kind::Silence}});
    start(2);
    const auto ids = record(3);
    server_.requests(1);
    const auto report = recorder_->close(milliseconds(0));
    ASSERT_EQ(report.unconfirmed.size(), 3U);
    const auto judged = verdicts(3);
    EXPECT_EQ(judged.at(report.unconfirmed[0].id).attempts, 1);
    EXPECT_EQ(judged.at(report.unconfirmed[0].id).error->code, "client.canceled");
    EXPECT_EQ(judged.at(report.unconfirmed[2].id).error->code, "client.not_sent");
    EXPECT_EQ(recorder_->record(use()).error().kind, ErrorKind::Closed);
    EXPECT_TRUE(recorder_->close(kLong).is_complete()) << "again does nothing";
    EXPECT_EQ(turnpike_.counted(), 2U) << "the batch had arrived";
    // A host that kept the events hands them to the next recorder, and nothing counts twice.
    verdicts_.clear();
    start(3);
    for (const Event& event : report.unconfirmed) EXPECT_TRUE(recorder_->record(event));
    verdicts(3);
    EXPECT_EQ(turnpike_.counted(), 3U);
}

TEST_F(RecorderTest, HandsBackWhatIsLeftWhenItIsDestroyed) {
    start(10);
    record(3);
    recorder_.reset();
    for (const auto& [id, verdict] : verdicts(3)) EXPECT_EQ(verdict.error->code, "client.not_sent");
}

TEST_F(RecorderTest, TakesEventsFromManyThreads) {
    start(7, 20);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int n = 0; n < 250; ++n) EXPECT_TRUE(recorder_->record(use(), kLong));
        });
    for (auto& thread : threads) thread.join();
    EXPECT_TRUE(recorder_->close(kLong).is_complete());
    verdicts(1'000);
    EXPECT_EQ(turnpike_.counted(), 1'000U);
}

TEST(RecorderOptions, OutOfRangeAreRefused) {
    auto client = *Client::create({.url = "http://127.0.0.1:9", .token = "t"});
    const RecorderOptions good{.on_verdict = [](const Event&, const Verdict&) {}};
    EXPECT_TRUE(Recorder::create(client, good));
    for (int i = 0; i < 5; ++i) {
        RecorderOptions bad = good;
        if (i == 0) bad.on_verdict = nullptr;
        if (i == 1) bad.queue_max = 0;
        if (i == 2) bad.batch_max = 0;
        if (i == 3) bad.batch_max = 1'001;
        if (i == 4) bad.age_max = milliseconds(0);
        EXPECT_EQ(Recorder::create(client, bad).error().code, "client.invalid_argument") << i;
    }
}

}  // namespace
}  // namespace turnpike::client
